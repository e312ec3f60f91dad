use std::collections::HashMap;

use crate::stock::Stock;

pub struct Packing {
    stock: Stock,
    least: u32,
}

impl Packing {
    pub fn new(stock: Stock, least: u32) -> Self {
        Self { stock, least }
    }

    pub async fn missing(&self, skus: &[String]) -> anyhow::Result<Vec<String>> {
        let mut missing = Vec::with_capacity(skus.len());
        for sku in skus {
            // Whatever is not there is told by its name.
            let item = self.stock.item(sku).await?;
            missing.push(if item.left <= self.least {
                item.sku
            } else {
                String::new()
            });
        }
        Ok(missing)
    }
}

pub async fn counts(
    stock: &Stock,
    skus: Vec<String>,
) -> Result<HashMap<String, u32>, reqwest::Error> {
    let mut counts = HashMap::new();
    for sku in skus {
        let left = stock.item(&sku).await?.left;
        counts.insert(sku, left);
    }
    counts.remove("");
    Ok(counts)
}

#[derive(Clone, Copy)]
pub struct Unit(pub u32);

impl Packing {
    async fn left_of(&self, sku: &str, unit: Unit) -> anyhow::Result<u32> {
        Ok(self.stock.item(sku).await?.left / unit.0)
    }
}

pub async fn units(packing: Packing, unit: Unit, skus: &[String]) -> anyhow::Result<Vec<u32>> {
    let mut units = Vec::new();
    for sku in skus {
        // We return whatever is left.
        let left = packing.left_of(sku, unit).await;
        units.push(left?.min(packing.least));
    }
    Ok(units)
}

pub async fn known(stock: &Stock, skus: &[String]) -> anyhow::Result<()> {
    for sku in skus {
        if stock.item(sku).await?.sku.is_empty() {
            anyhow::bail!("{sku} is not known");
        }
    }
    Ok(())
}
