//! A rule's page in a terminal: its Markdown with lines of the terminal's width, and colours in place of its signs.
//!
//! Invariant: without colours, what is printed is Markdown still.

pub use super::excerpts::Style;

const BOLD: &str = "\u{1b}[1m";
const CODE: &str = "\u{1b}[36m";
const PLAIN: &str = "\u{1b}[0m";

/// Headings, paragraphs, lists of one level and fenced code.
pub fn render(markdown: &str, style: Style) -> String {
    let mut out = String::new();
    let mut paragraph: Vec<&str> = Vec::new();
    let mut fenced = false;
    for line in markdown.lines() {
        let fence = line.starts_with("```");
        if !fenced && !fence && !line.is_empty() && !line.starts_with('#') && !line.starts_with("- ") {
            paragraph.push(line);
            continue;
        }
        flush(&mut paragraph, style, &mut out);
        if fence {
            fenced = !fenced;
            if !style.colours {
                out.push_str(&format!("{line}\n"));
            }
        } else if fenced {
            let line = if style.colours { format!("  {CODE}{line}{PLAIN}") } else { line.to_owned() };
            out.push_str(&format!("{line}\n"));
        } else if line.starts_with("- ") {
            paragraph.push(line);
        } else if style.colours && line.starts_with('#') {
            out.push_str(&format!("{BOLD}{}{PLAIN}\n", line.trim_start_matches(['#', ' '])));
        } else {
            out.push_str(&format!("{line}\n"));
        }
    }
    flush(&mut paragraph, style, &mut out);
    out
}

/// Writes the lines of a paragraph anew.
fn flush(paragraph: &mut Vec<&str>, style: Style, out: &mut String) {
    if paragraph.is_empty() {
        return;
    }
    let text = std::mem::take(paragraph).join(" ");
    let indent = if text.starts_with("- ") { "  " } else { "" };
    let lines = textwrap::wrap(&text, textwrap::Options::new(style.width).subsequent_indent(indent).break_words(false));
    let mut code = false;
    for line in lines {
        out.push_str(&if style.colours { coloured(&line, &mut code) } else { line.into_owned() });
        out.push('\n');
    }
}

/// A line with colours for what stands between back quotes, which may go over several lines.
fn coloured(line: &str, code: &mut bool) -> String {
    let mut out = String::new();
    if *code {
        out.push_str(CODE);
    }
    for letter in line.chars() {
        if letter == '`' {
            *code = !*code;
            out.push_str(if *code { CODE } else { PLAIN });
        } else {
            out.push(letter);
        }
    }
    if *code {
        out.push_str(PLAIN);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# a\n\nOne `two\nthree` four.\n- five six\n- seven\n\n```ts\nlet x = `y`;\n```\n";

    #[test]
    fn lines_have_the_width_and_code_stays_as_it_is() {
        let plain = render(PAGE, Style { colours: false, width: 12 });
        assert_eq!(plain, "# a\n\nOne `two\nthree` four.\n- five six\n- seven\n\n```ts\nlet x = `y`;\n```\n");
        let wide = render(PAGE, Style { colours: false, width: 80 });
        assert!(wide.contains("\nOne `two three` four.\n"), "{wide}");
    }

    #[test]
    fn colours_take_the_place_of_signs() {
        let shown = render(PAGE, Style { colours: true, width: 12 });
        assert_eq!(shown.matches(PLAIN).count(), shown.matches(CODE).count() + shown.matches(BOLD).count(), "{shown:?}");
        assert!(shown.contains("\u{1b}[36mtwo\u{1b}[0m\n\u{1b}[36mthree\u{1b}[0m four."), "{shown:?}");
        assert!(shown.contains("let x = `y`;") && !shown.contains("```"), "{shown:?}");
    }
}
