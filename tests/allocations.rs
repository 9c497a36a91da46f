//! What the hot paths allocate once they are warm: nothing, and for a task its future.
//!
//! The paths are those whose instructions are counted (`benches/instructions`).

use allocation_counter::measure;

/// A path by its name, and what goes through it so many times.
type Path = (&'static str, fn(u64));

#[path = "../benches/instructions/hooks.rs"]
mod hooks;
#[path = "../benches/instructions/loops.rs"]
mod loops;

/// How often one trip through a path allocates, to the hundredth: what begins and ends a run is not
/// counted, though it may differ by an allocation or two where other threads have a part in it.
fn allocations(paths: &[Path], name: &str) -> f64 {
    const TRIPS: [u64; 2] = [1_000, 6_000];
    let path = paths.iter().find(|(known, _)| *known == name);
    let (_, run) = path.expect("there is such a path");
    run(1); // What a process needs once is there then.
    let [fewer, more] = TRIPS.map(|trips| measure(|| run(trips)).count_total);
    let allocations = more as f64 - fewer as f64;
    (allocations / (TRIPS[1] - TRIPS[0]) as f64 * 100.0).round() / 100.0
}

#[test]
fn a_pair_of_hooks_allocates_nothing_unless_a_span_is_made() {
    for (name, _) in hooks::PATHS {
        let allocations = allocations(hooks::PATHS, name);
        if name.contains("pair, sampled") {
            assert!(allocations > 0.0, "{name}: the count would see it");
        } else {
            assert_eq!(allocations, 0.0, "{name}");
        }
    }
}

#[test]
fn the_loop_allocates_the_futures_of_tasks_and_nothing_else() {
    for (name, _) in loops::PATHS {
        let expected = if *name == "spawn and join" { 1.0 } else { 0.0 };
        assert_eq!(allocations(loops::PATHS, name), expected, "{name}");
    }
}
