//! Helix in a terminal of its own: keys go in, and what stands on the screen is read.
//!
//! The terminal is tmux, without the user's settings. A key that comes while Helix is busy may be lost, so keys are pressed again until what they
//! are for is seen.

use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use portolan_tests::disk;

/// How long anything is waited for, all presses of a key together.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long until keys are pressed again.
const ONE_PRESS: Duration = Duration::from_secs(5);
const ORDERS_CLIENT: &str = "services/orders/src/inventory.client.ts";
const HINT: &str = "inventory GET /stock/{sku}";

/// Helix in a workspace.
struct Helix {
    socket: String,
    home: disk::Folder,
}

impl Helix {
    /// Opens a file of a workspace, set up by a text for `languages.toml`.
    fn open(workspace: &disk::Folder, file: &str, languages: &str, path: &str) -> Self {
        let home = disk::Folder::with(&[
            (".config/helix/languages.toml", languages),
            (".config/helix/config.toml", "[editor]\nend-of-line-diagnostics = \"hint\"\n[editor.lsp]\ndisplay-inlay-hints = true\n"),
        ]);
        let name = home.path().file_name().unwrap().to_string_lossy().into_owned();
        let helix = Self { socket: format!("portolan{name}"), home };
        let home = helix.home.path().to_str().unwrap();
        let variables =
            [format!("HOME={home}"), format!("XDG_CONFIG_HOME={home}/.config"), format!("PATH={path}"), "LANG=C.UTF-8".to_owned()];
        let mut arguments =
            vec!["new-session", "-d", "-s", "helix", "-x", "150", "-y", "45", "-c", workspace.path().to_str().unwrap(), "env"];
        arguments.extend(variables.iter().map(String::as_str));
        arguments.extend(["hx", file]);
        helix.tmux(&arguments);
        helix
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let output =
            Command::new("tmux").args(["-L", &self.socket, "-f", "/dev/null"]).args(arguments).output().expect("tmux is installed");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-t", "helix", "-p"])
    }

    /// Presses keys, by the names that tmux has for them.
    fn press(&self, keys: &[&str]) {
        for key in keys {
            self.tmux(&["send-keys", "-t", "helix", key]);
            sleep(Duration::from_millis(50));
        }
    }

    /// Presses keys until all texts stand on the screen, and says so.
    fn sees(&self, what: &str, keys: &[&str], texts: &[&str]) {
        let start = Instant::now();
        loop {
            self.press(keys);
            let pressed = Instant::now();
            while pressed.elapsed() < ONE_PRESS {
                let screen = self.screen();
                if texts.iter().all(|text| screen.contains(text)) {
                    println!("{what}: {}", texts.join(", "));
                    return;
                }
                sleep(Duration::from_millis(100));
            }
            assert!(start.elapsed() < PATIENCE, "{what}: {texts:?} is not on the screen\n{}", self.screen());
        }
    }

    /// Goes to the first place of a text in the file, from its start.
    fn goes_to(&self, text: &str) {
        self.press(&["Escape", "Escape", "g", "g", "/", text, "Enter"]);
    }
}

impl Drop for Helix {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

/// What a developer of the demonstration workspace sees, set up as the page says: first its block, then the one that turns hints off.
pub(crate) fn shows_the_shop(shop: &disk::Folder, set_up: &str, turned_off: &str, path: &str) {
    assert!(Path::new(shop.path()).join(ORDERS_CLIENT).is_file());
    let helix = Helix::open(shop, ORDERS_CLIENT, set_up, path);
    helix.sees("diagnostics", &[], &["This client has no timeout"]);
    // Helix asks for them when it comes to rest after a key: on a busy machine the first time is before there is a chart.
    helix.sees("inlay hints", &["l"], &[HINT]);
    helix.goes_to("get\\(");
    helix.sees("hover", &["Space", "k"], &["asks inventory", "Answered by", "show_stock"]);
    helix.press(&["Escape"]);
    helix.sees("definition, from TypeScript to Rust", &["Escape", "g", "d"], &["async fn show_stock", "inventory/src/routes.rs"]);
    helix.sees("references", &["Escape", "g", "r"], &["2/2", ORDERS_CLIENT]);
    helix.sees("document symbols", &["Escape", "Escape", "Space", "s"], &["GET /stock/{sku}", "POST /reservations"]);
    helix.sees("workspace symbols, by path", &["Escape", "Escape", "Space", "S", "c", "h", "e", "c", "k"], &["POST /checkout", "checkout"]);
    helix.sees("diagnostics of the workspace", &["Escape", "Escape", "Space", "D"], &["dual-write", "sync-chain"]);
    helix.press(&["Escape", "Escape", ":", "o", "Space"]);
    helix.press(&[ORDERS_CLIENT, "Enter"]);
    helix.goes_to("axios.create");
    helix.sees("code actions", &["Escape", "Space", "a"], &["wait for 30 s"]);
    helix.sees("code action, applied", &["Enter"], &["timeout: 30"]);
    helix.press(&["Escape", ":", "o", "Space"]);
    helix.press(&["services/payments/src/server.ts", "Enter"]);
    helix.sees("diagnostics of a file renamed, before", &[], &["src/server.ts", "Table `orders` is written by"]);
    helix.press(&["Escape", ":", "m", "o", "v", "e", "Space"]);
    helix.press(&["services/payments/src/app.ts", "Enter"]);
    helix.sees("diagnostics of a file renamed", &[], &["src/app.ts", "Table `orders` is written by"]);
    helix.press(&["Escape", ":", "o", "Space"]);
    helix.press(&["services/checkout/src/clients/payments.ts", "Enter"]);
    helix.goes_to("post\\(");
    helix.sees("definition, in a file renamed", &["Escape", "g", "d"], &["payments/src/app.ts", "app.post<"]);
    drop(helix);

    // Helix takes the crate of a file in Rust for the workspace, if none is around it, and adds the folder around it for a file in TypeScript.
    std::fs::remove_file(shop.path().join("Cargo.toml")).expect("the workspace has a crate at its top");
    let helix = Helix::open(shop, "services/inventory/src/routes.rs", set_up, path);
    helix.sees("diagnostics of a crate", &[], &["POST /stocktakes has no span"]);
    helix.press(&["Escape", ":", "o", "Space"]);
    helix.press(&[ORDERS_CLIENT, "Enter"]);
    helix.sees("a folder added", &["l"], &[HINT]);
    drop(helix);

    let helix = Helix::open(shop, ORDERS_CLIENT, &format!("{set_up}\n{turned_off}"), path);
    helix.sees("diagnostics, hints turned off", &[], &["This client has no timeout"]);
    sleep(ONE_PRESS);
    assert!(!helix.screen().contains(HINT), "the setting turns nothing off\n{}", helix.screen());
    println!("settings: inlay hints turned off");
}
