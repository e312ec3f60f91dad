use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;

use crate::Depot;
use crate::events::send;

#[derive(Serialize)]
struct Shelved {
    parcel: i64,
}

/// Puts a parcel on a shelf.
pub async fn shelve(State(depot): State<Depot>, Path(id): Path<i64>) -> Result<(), StatusCode> {
    put(&depot, id).await.map_err(|error| {
        eprintln!("{error:#}");
        StatusCode::INTERNAL_SERVER_ERROR
    })
}

async fn put(depot: &Depot, id: i64) -> anyhow::Result<()> {
    let mut tx = depot.pool.begin().await?;
    sqlx::query("INSERT INTO parcels (id, weight) VALUES ($1, 1)")
        .bind(id)
        .execute(&mut *tx)
        .await?;
    sqlx::query("UPDATE shelves SET parcels = parcels + 1 WHERE name = 'a'")
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    let event = Shelved { parcel: id };
    send(&depot.producer, id, "parcels.shelved", event).await?;
    Ok(())
}
