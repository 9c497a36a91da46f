//! An instrument of one's own, in thirty lines: it finds the longest wait for data.
//!
//! ```text
//! cargo run --example custom_instrument
//! ```

use loopscope::event_loop::{EventLoop, sleep, spawn};
use loopscope::instrument::{EnterScope, EventLoopInstrument, ReadySocketInstrumentationMetadata};
use loopscope::net::{TcpListener, TcpStream};
use std::cell::Cell;
use std::io::{self, Write};
use std::rc::Rc;
use std::time::Duration;

#[derive(Default)]
struct LongestWait(Cell<Duration>);

impl EventLoopInstrument for LongestWait {
    fn on_socket_recv_ready(&self, metadata: &ReadySocketInstrumentationMetadata<'_>) {
        let waited = metadata.finish_time - metadata.start_time;
        self.0.set(self.0.get().max(waited));
    }
}

fn main() -> io::Result<()> {
    let longest = Rc::new(LongestWait::default());
    let _scope = longest.clone().enter();
    EventLoop::new()?.run_until_complete(async {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let stream = TcpStream::connect(listener.local_addr()?).await?;
        let (peer, _) = listener.accept().await?;
        let slow_peer = spawn(async move {
            sleep(Duration::from_millis(20)).await;
            peer.write_all(b"at last").await
        });
        stream.read_exact(&mut [0; 7]).await?;
        slow_peer.await.map_err(io::Error::other)?
    })?;
    writeln!(
        io::stdout(),
        "the longest wait for data took {:?}",
        longest.0.get()
    )
}
