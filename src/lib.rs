//! An async event loop whose every wait can be observed.
