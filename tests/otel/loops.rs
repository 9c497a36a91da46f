//! The loops' own time.

use crate::support::*;
use loopscope::instrument::*;

fn park(bridge: &Bridge, info: &LoopInfo, since: u64, until: u64, stops: bool) {
    let mut metadata = LoopParkMetadata::new(info, at(since), at(until));
    metadata.stops = stops;
    bridge.otel.on_loop_park(&metadata);
}

fn unpark(bridge: &Bridge, info: &LoopInfo, since: u64, until: u64) {
    let metadata = LoopUnparkMetadata::new(info, at(since), at(until));
    bridge.otel.on_loop_unpark(&metadata);
}

#[test]
fn time_is_active_or_idle() {
    let bridge = Bridge::new();
    let (main, unnamed) = (LoopInfo::new(Some("main".into())), LoopInfo::new(None));
    park(&bridge, &main, 0, 250, false);
    unpark(&bridge, &main, 250, 1250);
    park(&bridge, &main, 1250, 1500, true);
    park(&bridge, &unnamed, 0, 125, true);
    assert_eq!(
        bridge.points("loopscope.loop.time"),
        [
            "loopscope.loop.name=main loopscope.loop.state=active: 0.5",
            "loopscope.loop.name=main loopscope.loop.state=idle: 1",
            "loopscope.loop.state=active: 0.125",
        ]
    );
}

#[test]
fn a_loop_that_has_stopped_is_not_busy() {
    let bridge = Bridge::new();
    let info = LoopInfo::new(None);
    let utilization = || bridge.points("loopscope.loop.utilization");
    park(&bridge, &info, 0, 250, false);
    unpark(&bridge, &info, 250, 500);
    park(&bridge, &info, 500, 1000, true);
    assert_eq!(utilization(), [": 0.75"]);
    assert_eq!(utilization(), [": 0"]);
    assert_eq!(utilization(), [""; 0]);
    park(&bridge, &info, 2000, 2500, true);
    assert_eq!(utilization(), [": 1"], "it may run again");
}

#[test]
fn a_thread_may_go_on_to_another_loop() {
    let bridge = Bridge::new();
    for name in ["first", "second"] {
        let info = LoopInfo::new(Some(name.into()));
        park(&bridge, &info, 0, 250, false);
        unpark(&bridge, &info, 250, 500);
    }
    let utilization = bridge.points("loopscope.loop.utilization");
    assert_eq!(
        utilization[0], "loopscope.loop.name=first: 0.5",
        "up to what was heard"
    );
    assert_eq!(utilization.len(), 2);
}

#[test]
fn loops_on_several_threads_share_one_instrument() {
    let bridge = Bridge::new();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let otel = bridge.otel.clone();
            std::thread::spawn(move || {
                let info = LoopInfo::new(Some("worker".into()));
                let mut metadata = LoopParkMetadata::new(&info, at(0), at(250));
                otel.on_loop_park(&metadata);
                metadata.stops = true;
                otel.on_loop_park(&metadata);
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let utilization = || bridge.points("loopscope.loop.utilization");
    assert_eq!(utilization(), ["loopscope.loop.name=worker: 1"]);
    assert_eq!(
        utilization(),
        ["loopscope.loop.name=worker: 0"],
        "all have stopped"
    );
    assert_eq!(
        bridge.points("loopscope.loop.time"),
        ["loopscope.loop.name=worker loopscope.loop.state=active: 2"]
    );
}
