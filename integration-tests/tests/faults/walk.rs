//! All shops, until all is seen.

use crate::{alerts, panels, shops};
use backends::{Overlay, Ports, Shop, Stack};
use integration_tests::{PrometheusApi, servers_are_there, wait_for_at_most};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(300);

#[test]
fn each_fault_shows_where_it_should_and_fires_its_alerts_alone() {
    if !servers_are_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let overlay = Overlay {
        prometheus: Some(alerts::hurried(&folder.path().join("config"))),
        ..Overlay::default()
    };
    let mut stack = Stack::start_with(folder.path(), Ports::default(), overlay).unwrap();
    let mut shops = shops::open(&stack, folder.path());
    let prometheus = PrometheusApi::at(stack.prometheus());
    wait_for_at_most(PATIENCE, "all that is to be seen", || {
        stack.check().unwrap();
        shops.iter_mut().for_each(|shop| shop.check().unwrap());
        panels::have_data(&prometheus)?;
        panels::show_the_faults(&prometheus)?;
        alerts::are_right(&prometheus)
    });
    for shop in shops {
        Shop::stop(shop).unwrap();
    }
    stack.stop().unwrap();
}
