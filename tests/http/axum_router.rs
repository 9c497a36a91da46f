//! A router of axum, unchanged.

use crate::ends::text;
use crate::recorded::recorded;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use http::Request;
use loopscope::event_loop::spawn;
use loopscope::http::{Client, Server};
use loopscope::net::TcpListener;

fn router() -> Router {
    Router::new()
        .route(
            "/users/{id}",
            get(
                async |State(greeting): State<&'static str>, Path(id): Path<u32>| {
                    format!("{greeting}, {id}")
                },
            ),
        )
        .route("/length", post(async |body: Bytes| body.len().to_string()))
        .route("/teapot", get(async || StatusCode::IM_A_TEAPOT))
        .with_state("hello")
}

#[test]
fn it_routes_extracts_and_answers() {
    recorded(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        spawn(async { Server::new().serve(listener, router()).await }).detach();
        for client in [Client::new(), Client::builder().http2_only().build()] {
            assert_eq!(
                text(&client, &format!("{address}/users/7")).await,
                "hello, 7"
            );
            let status = async |path: &str| {
                let response = client.get(&format!("{address}{path}")).await.unwrap();
                response.status().as_u16()
            };
            assert_eq!(status("/teapot").await, 418);
            assert_eq!(status("/nothing").await, 404);
            assert_eq!(status("/users/seven").await, 400);
            assert_eq!(status("/length").await, 405);
            let request = Request::post(format!("{address}/length"));
            let request = request.body("x".repeat(100_000)).unwrap();
            let response = client.request(request).await.unwrap();
            assert_eq!(response.into_body().text().await.unwrap(), "100000");
        }
    });
}
