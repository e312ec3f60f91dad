use camino::{Utf8Path, Utf8PathBuf};
use portolan_analysis::workspace::Workspace;
use portolan_analysis::world::Files;
fn walk(root: &std::path::Path, at: &std::path::Path, out: &mut Vec<String>) {
    let Ok(read) = std::fs::read_dir(at) else { return };
    for e in read.flatten() {
        let p = e.path();
        let n = e.file_name().to_string_lossy().to_string();
        if e.file_type().map(|t| t.is_dir()).unwrap_or(false) {
            if n == ".git" || n == "node_modules" || n == "target" {
                continue;
            }
            walk(root, &p, out);
        } else {
            out.push(p.strip_prefix(root).unwrap().to_string_lossy().to_string());
        }
    }
}
fn main() {
    let root = std::env::args().nth(1).unwrap();
    let mode = std::env::args().nth(2).unwrap_or_default();
    let mut all = vec![];
    walk(root.as_ref(), root.as_ref(), &mut all);
    all.sort();
    let mut facts = vec![];
    let mut others = vec![];
    for p in all {
        let path = Utf8PathBuf::from(&p);
        match portolan_grammars::classify(&path) {
            Some(kind) => {
                if let Ok(t) = std::fs::read_to_string(format!("{root}/{p}")) {
                    if t.len() < 1 << 20 {
                        let f = portolan_grammars::read(&path, &t, kind);
                        facts.push((path, f));
                    }
                }
            }
            None => others.push(path),
        }
    }
    let mut files = Files::from_facts(facts);
    files.set_others(others);
    let t = std::time::Instant::now();
    let ws = Workspace::build(&files);
    eprintln!("build {:?} files {}", t.elapsed(), files.iter().count());
    if mode == "json" {
        let list: Vec<_> = ws.services.iter().map(|s| serde_json::json!({"id": s.id.as_str(), "name": s.name.as_str(), "aliases": s.aliases.iter().map(|a| a.as_str()).collect::<Vec<_>>(), "root": s.root.as_str(), "third_party": s.third_party})).collect();
        println!("{}", serde_json::json!({"services": list}));
        return;
    }
    for (i, s) in ws.services.iter().enumerate() {
        let d = &ws.deployments[i];
        println!(
            "{}{} root={} kind={:?} langs={:?} aliases={:?} ports={:?}",
            if s.third_party { "  3rd " } else { "" },
            s.id,
            s.root,
            s.kind,
            s.languages.iter().take(2).collect::<Vec<_>>(),
            s.aliases.iter().map(|a| a.as_str()).collect::<Vec<_>>(),
            d.ports.iter().map(|a| a.as_str()).collect::<Vec<_>>()
        );
        if mode == "full" && !s.third_party {
            println!("      entries {:?} group {}", d.entries.iter().map(|e| files.path(*e).to_string()).collect::<Vec<_>>(), d.group);
            for (c, p) in &d.commands {
                println!("      cmd {:?} {}", c.chars().take(100).collect::<String>(), files.path(p.file));
            }
            for e in s.evidence.iter().take(3) {
                println!("      ev {} {}:{}", e.what, files.path(e.place.file), files.line(e.place));
            }
            let mut env: Vec<_> = d.environment.iter().collect();
            env.sort_by_key(|e| e.0.clone());
            for (k, v) in env {
                println!(
                    "      env {k} = {}",
                    v.iter()
                        .map(|v| format!(
                            "{:?}@{}:{}#{}",
                            v.value.chars().take(60).collect::<String>(),
                            files.path(v.place.file),
                            files.line(v.place),
                            v.rank
                        ))
                        .collect::<Vec<_>>()
                        .join(" | ")
                );
            }
        }
    }
    if mode == "full" {
        for g in &ws.gateways {
            println!(
                "gw {} {} exact={} rewrite={:?} -> {} at {}:{}",
                ws.services[g.gateway.index()].id,
                g.prefix,
                g.exact,
                g.rewrite,
                g.target,
                files.path(g.evidence.place.file),
                files.line(g.evidence.place)
            );
        }
        let mut h: Vec<_> = ws.hosts.iter().collect();
        h.sort();
        for (k, v) in h {
            println!("host {k} -> {:?}", v.iter().map(|i| ws.services[i.index()].id.as_str()).collect::<Vec<_>>());
        }
    }
    let _ = Utf8Path::new("");
}
