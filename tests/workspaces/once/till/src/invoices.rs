//! Invoices of what is ordered.

use serde::Deserialize;
use sqlx::PgPool;

#[derive(Deserialize)]
pub struct Order {
    pub id: String,
    pub cents: i64,
}

/// Writes the invoice of an order.
pub async fn bill(pool: &PgPool, order: &Order) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO invoices (order_id, cents) VALUES ($1, $2)")
        .bind(&order.id)
        .bind(order.cents)
        .execute(pool)
        .await?;
    Ok(())
}
