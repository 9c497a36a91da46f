//! One of the loops.

use crate::Failure;
use crate::echo::echo;
use crate::figures::{Figures, Measured};
use futures_lite::StreamExt;
use loopscope::event_loop::{EventLoop, TaskBuilder};
use loopscope::instrument::EnterScope;
use loopscope::net::TcpListener;
use loopscope::otel::OtelInstrument;
use signal_hook::consts::SIGUSR1;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::mpsc::Sender;
use std::time::Duration;

/// Connections that are not done by then are cut off.
const GRACE: Duration = Duration::from_secs(10);

/// Serves connections until the process is told to stop; tells by `listening` where.
pub(crate) fn run(
    name: String,
    address: SocketAddr,
    otel: Option<OtelInstrument>,
    listening: Sender<SocketAddr>,
) -> Result<Figures, Failure> {
    let measured = Rc::new(Measured::default());
    let _measured = measured.clone().enter();
    let _otel = otel.map(EnterScope::enter);
    let event_loop = EventLoop::builder()
        .name(name.clone())
        .print_snapshot_on(SIGUSR1)
        .build()?;
    let ended = event_loop.run_gracefully(GRACE, async {
        let listener = TcpListener::builder().reuse_port(true).bind(address)?;
        listening.send(listener.local_addr()?)?;
        let mut connections = listener.incoming();
        while let Some(connection) = connections.next().await {
            // An error is one of descriptors or memory: the listener tries again after a pause.
            let Ok(stream) = connection else { continue };
            TaskBuilder::new()
                .name("connection")
                .detached()
                .serves(stream.handle())
                .try_spawn(echo(stream))
                .detach();
        }
        Ok::<(), Failure>(())
    })?;
    let cut_off = ended.cut_off();
    ended.output().transpose()?;
    Ok(measured.figures(name, cut_off))
}
