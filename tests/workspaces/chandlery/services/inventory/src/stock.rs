use serde::Serialize;
use sqlx::PgPool;

use crate::pricing::PricingClient;
use crate::routes::Line;

#[derive(Serialize, sqlx::FromRow)]
pub struct Level {
    pub sku: String,
    pub available: i32,
}

pub struct Stock {
    pool: PgPool,
}

impl Stock {
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    pub async fn level(&self, sku: &str) -> sqlx::Result<Option<Level>> {
        sqlx::query_as("SELECT sku, available FROM stock WHERE sku = $1").bind(sku).fetch_optional(&self.pool).await
    }

    /// Takes the lines off the shelf at today's price, all of them or none.
    pub async fn reserve(&self, lines: &[Line], pricing: &PricingClient) -> anyhow::Result<()> {
        let mut tx = self.pool.begin().await?;
        for line in lines {
            sqlx::query("UPDATE stock SET available = available - $2 WHERE sku = $1 AND available >= $2")
                .bind(&line.sku)
                .bind(line.quantity)
                .execute(&mut *tx)
                .await?;
        }
        let list = pricing.price_list("retail").await?;
        sqlx::query("INSERT INTO reservations (price_list) VALUES ($1)").bind(list.version).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    pub async fn recount(&self) -> sqlx::Result<()> {
        sqlx::query("UPDATE stock SET counted_at = now()").execute(&self.pool).await?;
        Ok(())
    }
}
