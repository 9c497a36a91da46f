//! `tower`: a service with middleware, called by tasks.

use crate::recorded::recorded;
use crate::traffic::{ask, check_both_sides, echo_server, most_clients};
use loopscope::event_loop::{TaskGroup, yield_now};
use std::convert::Infallible;
use tower::{ServiceBuilder, ServiceExt, service_fn};

const CALLS: u8 = 10;
const LIMIT: usize = 3;

#[test]
fn a_service_with_a_limit_serves_tasks() {
    let record = recorded(async {
        let address = echo_server();
        let service = ServiceBuilder::new()
            .concurrency_limit(LIMIT)
            .map_request(|number: u8| number + 1)
            .service(service_fn(move |number| async move {
                // Time for all others to try as well.
                yield_now().await;
                Ok::<_, Infallible>(ask(address, number).await)
            }));
        let calls = TaskGroup::new();
        for number in 0..CALLS {
            calls.spawn(service.clone().oneshot(number));
        }
        let answers = calls.join_all().await.unwrap();
        let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, (1..=CALLS).collect::<Vec<_>>());
    });
    assert_eq!(check_both_sides(&record), (10, 10));
    assert_eq!(most_clients(&record), LIMIT);
}
