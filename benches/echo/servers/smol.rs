//! The executor and the reactor of smol, with nothing between them and their user.

use super::{BUFFER, Listening, any_port};
use async_executor::LocalExecutor;
use async_io::Async;
use futures_lite::io::{AsyncReadExt, AsyncWriteExt};
use std::io;
use std::net::{TcpListener, TcpStream};

pub(super) fn run(listening: Listening<'_>) -> io::Result<()> {
    let executor = LocalExecutor::new();
    async_io::block_on(executor.run(async {
        let listener = Async::<TcpListener>::bind(any_port())?;
        listening(listener.get_ref().local_addr()?)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.get_ref().set_nodelay(true)?;
            executor.spawn(echo(stream)).detach();
        }
    }))
}

async fn echo(mut stream: Async<TcpStream>) -> io::Result<()> {
    let mut buffer = [0; BUFFER];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            count => stream.write_all(&buffer[..count]).await?,
        }
    }
}
