use crate::run::recorded;
use crate::table::{Outcome, check};
use crate::ways::{self, give_up};
use loopscope::net::lookup_host;

/// No such name can exist: the system says so without asking anybody.
const NO_NAME: &str = "no host has spaces";

#[test]
fn success() {
    let record = recorded(async {
        lookup_host("localhost").await.unwrap();
    });
    check("look_up", Outcome::Success, &record);
}

#[test]
fn error() {
    let record = recorded(async {
        assert!(lookup_host(NO_NAME).await.is_err());
    });
    check("look_up", Outcome::Error, &record);
}

#[test]
fn cancel() {
    let record = recorded(ways::cancel(lookup_host(NO_NAME)));
    check("look_up", Outcome::Cancel, &record);
}

#[test]
fn drop() {
    let record = recorded(give_up(lookup_host(NO_NAME)));
    check("look_up", Outcome::Drop, &record);
}
