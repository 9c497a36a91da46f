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
