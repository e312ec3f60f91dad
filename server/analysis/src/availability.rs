//! The arithmetic of availability: what is left of it where services wait for one another.
//!
//! Invariant: it says what it assumes wherever it is shown.

/// How much of the time a service is assumed to be there: three nines.
pub const ASSUMED: f64 = 0.999;

/// [`ASSUMED`] as it is written.
pub const ASSUMED_IN_WORDS: &str = "99.9 %";

/// How much of the time so many services are all there, if each is as assumed and they fail apart from one another: their product.
pub fn of_all(services: usize) -> f64 {
    ASSUMED.powi(i32::try_from(services).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::{ASSUMED, ASSUMED_IN_WORDS, of_all};

    #[test]
    fn what_must_be_there_at_once_is_there_less_often() {
        let shown = |services| format!("{:.1}", of_all(services) * 100.0);
        assert_eq!([1, 2, 5, 10].map(shown), ["99.9", "99.8", "99.5", "99.0"]);
        assert_eq!(format!("{} %", ASSUMED * 100.0), ASSUMED_IN_WORDS);
    }
}
