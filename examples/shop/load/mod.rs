//! Customers: each looks at an item and orders it, again and again.

mod customer;
mod figures;

use crate::fault::Fault;
use crate::options::LoadOptions;
use crate::store::ITEMS;
use crate::{Failure, certificates, say, service};
use customer::Shop;
use figures::Figures;
use futures_lite::future;
use http::Uri;
use loopscope::clock::Timestamp;
use loopscope::event_loop::{is_stopping, sleep, spawn, stopping};
use loopscope::http::Client;
use loopscope::net::lookup_host;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

/// How much more customers come where the queue is to be full.
const CROWD: usize = 16;
/// How often a customer comes before there is another one, with connections of its own.
const LOYALTY: u32 = 10;
const PATIENCE: Duration = Duration::from_secs(15);

pub(crate) fn run(options: &LoadOptions) -> Result<ExitCode, Failure> {
    service::run("load", || shop(options))
}

async fn shop(options: &LoadOptions) -> Result<(), Failure> {
    let client = Client::builder()
        .tls(certificates::client(&options.certificates)?)
        .connect_timeout(PATIENCE)
        .response_timeout(PATIENCE);
    let by_address = match options.faults.contains(&Fault::BadCertificate) {
        true => Some(address_of(&options.gateway).await?),
        false => None,
    };
    let customers = match options.faults.contains(&Fault::FullQueue) {
        true => options.customers.get() * CROWD,
        false => options.customers.get(),
    };
    let shop = Rc::new(Shop {
        client,
        origin: options.gateway.to_string(),
        by_address,
        faults: options.faults.clone(),
        figures: Figures::default(),
    });
    say(&format!(
        "{customers} customers shop at {}",
        options.gateway
    ))?;
    let end = options.seconds.map(Duration::from_secs);
    let end = end.map(|duration| Timestamp::now() + duration);
    let pause = Duration::from_millis(options.pause);
    let shopping: Vec<_> = (0..customers)
        .map(|number| spawn(visits(shop.clone(), number, pause, end)))
        .collect();
    for customer in shopping {
        customer.await?;
    }
    say(&shop.figures.table())?;
    Ok(())
}

/// One customer after the other, until it is time to go.
async fn visits(shop: Rc<Shop>, number: usize, pause: Duration, end: Option<Timestamp>) {
    let mut client = shop.client.clone().build();
    for visit in 1.. {
        if is_stopping() || end.is_some_and(|end| Timestamp::now() >= end) {
            return;
        }
        shop.visit(&client, ITEMS[number % ITEMS.len()]).await;
        if visit % LOYALTY == 0 {
            client = shop.client.clone().build();
        }
        let paused = async {
            sleep(pause).await;
        };
        future::or(paused, async { stopping().await }).await;
    }
}

/// The gateway's address in place of its name.
async fn address_of(gateway: &Uri) -> Result<String, Failure> {
    let host = gateway.host().unwrap_or_default();
    let port = gateway.port_u16().unwrap_or(443);
    let found = lookup_host(host).await?;
    let ip = *found.first().ok_or("the gateway has no address")?;
    Ok(format!("https://{}/", SocketAddr::new(ip, port)))
}
