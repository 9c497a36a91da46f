//! Asking a service whether it is there: what containers are checked by.

use crate::address::Address;
use crate::answer::HEALTH;
use crate::options::HealthOptions;
use crate::{Failure, certificates, say};
use loopscope::event_loop::EventLoop;
use loopscope::http::Client;
use std::process::ExitCode;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(3);

pub(crate) fn run(options: &HealthOptions) -> Result<ExitCode, Failure> {
    let mut client = Client::builder()
        .connect_timeout(PATIENCE)
        .response_timeout(PATIENCE);
    if let Some(folder) = &options.certificates {
        client = client.tls(certificates::client(folder)?);
    }
    let (origin, client) = if options.address.contains("://") {
        (options.address.clone(), client)
    } else {
        Address::parse(&options.address)?.origin(client)
    };
    let address = format!("{}{HEALTH}", origin.trim_end_matches('/'));
    let status = EventLoop::new()?.run_until_complete(async {
        let response = client.build().get(&address).await?;
        Ok::<_, loopscope::http::Error>(response.status())
    })?;
    say(status.as_str())?;
    Ok(ExitCode::from(u8::from(!status.is_success())))
}
