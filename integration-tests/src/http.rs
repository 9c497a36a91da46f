//! Asking servers.

/// Asks a server and reads its answer as text.
pub(crate) fn get(url: &str) -> Result<String, String> {
    let mut response = ureq::get(url)
        .call()
        .map_err(|error| format!("{url}: {error}"))?;
    response
        .body_mut()
        .read_to_string()
        .map_err(|error| format!("{url}: {error}"))
}

/// Asks a server and reads its answer as JSON.
pub(crate) fn get_json(url: &str) -> Result<serde_json::Value, String> {
    let text = get(url)?;
    serde_json::from_str(&text).map_err(|error| format!("{url}: {error} in {text}"))
}
