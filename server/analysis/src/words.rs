//! Numbers, times and lists as people write them in sentences, and names as people compare them.

use core::time::Duration;

/// `1 call`, `2 calls`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// `a`, `a and b`, `a, b and c`.
pub fn enumerate<T: AsRef<str>>(names: &[T]) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [start @ .., last] => {
            let start: Vec<&str> = start.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", start.join(", "), last.as_ref())
        }
    }
}

/// The first few of several, and how many more there are: `a, b and 3 more`. One more is as short as its number.
pub(crate) fn enumerate_first(names: &[impl AsRef<str>], most: usize) -> String {
    if names.len() <= most + 1 {
        return enumerate(names);
    }
    let mut shown: Vec<String> = names.iter().take(most).map(|name| name.as_ref().to_owned()).collect();
    shown.push(format!("{} more", names.len() - most));
    enumerate(&shown)
}

/// `250 ms`, `1.5 s`, `30 s`, `2 min`.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let rounded = |value: f64| (value * 100.0).round() / 100.0;
    match seconds {
        ..1.0 => format!("{} ms", rounded(seconds * 1e3)),
        120.0.. if time.as_secs().is_multiple_of(60) && time.subsec_nanos() == 0 => format!("{} min", time.as_secs() / 60),
        _ => format!("{} s", rounded(seconds)),
    }
}

/// The letters and digits of a name, in lower case: `orderCreated` and `order-created` have the same.
pub(crate) fn letters(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The digits of a name.
pub(crate) fn digits(name: &str) -> String {
    name.chars().filter(char::is_ascii_digit).collect()
}

/// The words of a name, in lower case: `orderOutbox`, `order_outbox` and `order-outbox` have the same.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_is_lower = false;
    for character in name.chars() {
        let starts = character.is_uppercase() && before_is_lower;
        if !character.is_alphanumeric() || starts {
            words.push(String::new());
        }
        if character.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(character.to_lowercase());
        }
        before_is_lower = character.is_lowercase() || character.is_numeric();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The words of a name, in lower case, as what generates code in Rust tells them apart (the crate `heck`): a new one begins where a capital follows a
/// small letter, and at the last of several capitals that a small letter follows. Digits are as the letter before them.
pub(crate) fn generated_words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for part in name.split(|character: char| !character.is_alphanumeric()) {
        let letters: Vec<char> = part.chars().collect();
        let (mut word, mut last_is_capital) = (String::new(), None);
        for (at, letter) in letters.iter().enumerate() {
            let next = letters.get(at + 1);
            let is_capital = if letter.is_lowercase() || letter.is_uppercase() { Some(letter.is_uppercase()) } else { last_is_capital };
            if last_is_capital == Some(true) && letter.is_uppercase() && next.is_some_and(|next| next.is_lowercase()) {
                words.push(std::mem::take(&mut word));
            }
            word.extend(letter.to_lowercase());
            last_is_capital = is_capital;
            if is_capital == Some(false) && next.is_some_and(|next| next.is_uppercase()) {
                words.push(std::mem::take(&mut word));
                last_is_capital = None;
            }
        }
        words.push(word);
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_end_in_a_number() {
        assert_eq!(enumerate_first(&["a", "b", "c", "d"], 3), "a, b, c and d");
        assert_eq!(enumerate_first(&["a", "b", "c", "d", "e"], 3), "a, b, c and 2 more");
    }

    #[test]
    fn times_are_short() {
        let shown = [250, 999, 1500, 30_000, 90_000, 120_000, 150_000].map(|time| duration(Duration::from_millis(time)));
        assert_eq!(shown, ["250 ms", "999 ms", "1.5 s", "30 s", "90 s", "2 min", "150 s"]);
        assert_eq!(duration(Duration::from_micros(1_500)), "1.5 ms");
    }
}
