//! The policy store on real folders, changed as people and the kubelet change them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use podgate::metrics::Metrics;
use podgate::policy::Mode;
use podgate::policy::source::Source;
use podgate::store::{Options, StartError, Store};
use tokio::time::timeout;

/// Nothing here takes so long unless it is broken.
const LONG: Duration = Duration::from_secs(30);

/// A folder of its own for a test, gone at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("podgate-store-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// As an editor does it: the file that is read is never half written.
    fn replace(&self, path: &str, text: &str) {
        self.write(".new", text);
        fs::rename(self.at(".new"), self.at(path)).unwrap();
    }

    /// As the kubelet does it: a new folder, then the one link to it takes the place of the old one.
    fn mount(&self, version: &str, files: &[(&str, &str)]) {
        let before = fs::read_link(self.at("..data")).ok();
        for (name, text) in files {
            self.write(&format!("..{version}/{name}"), text);
        }
        symlink(format!("..{version}"), self.at("..data_tmp")).unwrap();
        fs::rename(self.at("..data_tmp"), self.at("..data")).unwrap();
        for (name, _) in files {
            if !self.at(name).is_symlink() {
                symlink(Path::new("..data").join(name), self.at(name)).unwrap();
            }
        }
        if let Some(before) = before {
            fs::remove_dir_all(self.0.join(before)).unwrap();
        }
    }

    fn sources(&self) -> Vec<Source> {
        vec![Source::Path(self.0.clone())]
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn policy(name: &str, mode: &str) -> String {
    format!(
        "apiVersion: podgate.dev/v1alpha1\nkind: ClusterPodPolicy\nmetadata: {{name: {name}}}\nspec:\n  mode: {mode}\n  \
         rules: [{{name: links, default: {{pod: {{spec: {{enableServiceLinks: false}}}}}}}}]\n"
    )
}

/// Hears of changes, or never learns of them.
fn by_notice() -> Options {
    Options { settle: Duration::from_millis(20), poll: Duration::from_secs(3600), ..Options::default() }
}

fn open(sources: Vec<Source>, options: Options) -> (Arc<Store>, Arc<Metrics>) {
    let metrics = Metrics::new().unwrap();
    (Store::open(sources, options, Arc::clone(&metrics)).unwrap(), metrics)
}

/// The names of the policies in force, with their modes.
fn in_force(store: &Store) -> Vec<String> {
    store.current().set.policies().iter().map(|policy| format!("{} {}", policy.name, policy.mode)).collect()
}

/// Waits until these policies are in force.
async fn until(store: &Store, expected: &[&str]) {
    let mut generations = store.generations();
    let arrived = generations.wait_for(|_| in_force(store) == expected);
    if timeout(LONG, arrived).await.is_err() {
        panic!("expected {expected:?}, and there is {:?}\n{}", in_force(store), store.status());
    }
}

fn shown(metrics: &Metrics, line: &str) -> bool {
    String::from_utf8(metrics.scrape()).unwrap().lines().any(|shown| shown == line)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mounted_config_map_is_followed_through_every_swap() {
    let folder = Folder::new("mount");
    folder.mount("1", &[("a.yaml", &policy("a", "Warn"))]);
    let (store, _) = open(folder.sources(), by_notice());
    assert_eq!(in_force(&store), ["a Warn"]);
    let held = store.current();
    let watching = tokio::spawn(Arc::clone(&store).watch());
    // A watch on the file itself would see the first swap, and none after it.
    for (version, mode) in [("2", "Audit"), ("3", "Enforce"), ("4", "Warn"), ("5", "Audit")] {
        folder.mount(version, &[("a.yaml", &policy("a", mode))]);
        until(&store, &[&format!("a {mode}")]).await;
    }
    assert_eq!(held.set.policies()[0].mode, Mode::Warn, "a review that runs keeps its set");
    watching.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_change_and_go_in_folders_old_and_new() {
    let folder = Folder::new("files");
    folder.write("a.yaml", &policy("a", "Warn"));
    let (store, _) = open(folder.sources(), by_notice());
    let watching = tokio::spawn(Arc::clone(&store).watch());
    folder.write("b.yaml", &policy("b", "Warn"));
    until(&store, &["a Warn", "b Warn"]).await;
    folder.write("team/c.yaml", &policy("c", "Warn"));
    until(&store, &["a Warn", "b Warn", "c Warn"]).await;
    folder.write("team/c.yaml", &policy("c", "Audit"));
    until(&store, &["a Warn", "b Warn", "c Audit"]).await;
    fs::remove_file(folder.at("a.yaml")).unwrap();
    fs::rename(folder.at("b.yaml"), folder.at("team/b.yaml")).unwrap();
    until(&store, &["b Warn", "c Audit"]).await;
    fs::remove_dir_all(folder.at("team")).unwrap();
    until(&store, &[]).await;
    watching.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_named_by_itself_is_followed_when_another_takes_its_place() {
    let folder = Folder::new("file");
    folder.write("a.yaml", &policy("a", "Warn"));
    folder.write("b.yaml", &policy("b", "Warn"));
    let (store, _) = open(vec![Source::Path(folder.at("a.yaml"))], by_notice());
    let watching = tokio::spawn(Arc::clone(&store).watch());
    for mode in ["Audit", "Enforce", "Warn", "Audit"] {
        folder.replace("a.yaml", &policy("a", mode));
        until(&store, &[&format!("a {mode}")]).await;
    }
    watching.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_taken_away_takes_nothing_away_until_it_is_back() {
    let outer = Folder::new("away");
    outer.write("policies/a.yaml", &policy("a", "Warn"));
    let (store, metrics) = open(vec![Source::Path(outer.at("policies"))], by_notice());
    let watching = tokio::spawn(Arc::clone(&store).watch());
    fs::rename(outer.at("policies"), outer.at("elsewhere")).unwrap();
    let mut generations = store.generations();
    timeout(LONG, generations.wait_for(|generation| *generation == 2)).await.unwrap().unwrap();
    assert_eq!(in_force(&store), ["a Warn"]);
    assert!(shown(&metrics, "podgate_policies_refused 1"));
    let folder = outer.at("policies").display().to_string();
    let status = store.status().to_string();
    assert!(status.contains(&format!("error: cannot read `{folder}`: there is no such file")), "{status}");
    outer.write("policies/a.yaml", &policy("a", "Audit"));
    until(&store, &["a Audit"]).await;
    watching.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_nobody_tells_of_is_found_by_looking() {
    let (folder, elsewhere) = (Folder::new("poll"), Folder::new("poll-elsewhere"));
    elsewhere.write("deep/a.yaml", &policy("a", "Warn"));
    symlink(elsewhere.at("deep/a.yaml"), folder.at("a.yaml")).unwrap();
    let (store, _) = open(folder.sources(), Options { poll: Duration::from_millis(50), ..by_notice() });
    let watching = tokio::spawn(Arc::clone(&store).watch());
    elsewhere.replace("deep/a.yaml", &policy("a", "Audit"));
    until(&store, &["a Audit"]).await;
    watching.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_stops_to_load_keeps_its_last_good_version_and_everyone_is_told() {
    let folder = Folder::new("bad");
    folder.mount("1", &[("a.yaml", &policy("a", "Warn")), ("b.yaml", &policy("b", "Warn"))]);
    let (store, metrics) = open(folder.sources(), by_notice());
    let first = store.status();
    assert!(first.is_good());
    assert!(shown(&metrics, "podgate_policies_refused 0") && shown(&metrics, "podgate_policy_load_errors_total 0"));
    let watching = tokio::spawn(Arc::clone(&store).watch());
    folder.mount("2", &[("a.yaml", &policy("a", "Sometimes")), ("b.yaml", &policy("b", "Audit"))]);
    until(&store, &["a Warn", "b Audit"]).await;
    let status = store.status();
    assert!(!status.is_good());
    let file = folder.at("a.yaml").display().to_string();
    let text = status.to_string();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], format!("policies: 2 in force, generation 2, {}", store.current().set.digest()));
    assert_eq!(lines[1], format!("refused: ClusterPodPolicy/a at {file}:1:1: its last good version is in force"));
    assert!(lines[2].starts_with(&format!("error: {file}:5:9: ")) && lines[2].contains("`Sometimes`"), "{text}");
    assert!(shown(&metrics, "podgate_policies_refused 1") && shown(&metrics, "podgate_policy_load_errors_total 1"));
    assert!(shown(&metrics, "podgate_policies 2") && shown(&metrics, "podgate_policy_set_generation 2"));
    folder.mount("3", &[("a.yaml", &policy("a", "Enforce")), ("b.yaml", &policy("b", "Audit"))]);
    until(&store, &["a Enforce", "b Audit"]).await;
    assert!(store.status().is_good());
    assert!(shown(&metrics, "podgate_policies_refused 0") && shown(&metrics, "podgate_policy_load_errors_total 1"));
    watching.abort();
}

#[test]
fn at_a_cold_start_the_others_serve_or_none_does() {
    let folder = Folder::new("cold");
    folder.write("a.yaml", &policy("a", "Sometimes"));
    folder.write("b.yaml", &policy("b", "Warn"));
    let (store, metrics) = open(folder.sources(), by_notice());
    assert_eq!(in_force(&store), ["b Warn"]);
    assert!(store.status().to_string().contains("ClusterPodPolicy/a at "), "{}", store.status());
    assert!(store.status().to_string().contains(": it is not in force"), "{}", store.status());
    assert!(shown(&metrics, "podgate_policies_refused 1"));
    let strict = Options { strict: true, ..by_notice() };
    let error = Store::open(folder.sources(), strict.clone(), Metrics::new().unwrap()).unwrap_err();
    assert!(matches!(error, StartError::Strict(_)), "{error}");
    folder.write("a.yaml", &policy("a", "Audit"));
    assert!(Store::open(folder.sources(), strict, Metrics::new().unwrap()).is_ok());
}

#[test]
fn what_is_not_there_at_all_is_an_error_at_the_start() {
    for (name, expected) in [
        ("/nowhere/policies", "cannot read `/nowhere/policies`: there is no such file"),
        ("builtin:recomended", "no policies with the name `builtin:recomended`"),
    ] {
        let error = Store::open(vec![Source::parse(name)], by_notice(), Metrics::new().unwrap()).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn reading_the_same_again_swaps_nothing() {
    let folder = Folder::new("same");
    folder.write("a.yaml", &policy("a", "Warn"));
    let (store, _) = open(folder.sources(), by_notice());
    let before = store.current();
    folder.replace("a.yaml", &policy("a", "Warn"));
    assert!(!store.reload());
    assert!(Arc::ptr_eq(&before, &store.current()));
    folder.replace("a.yaml", &policy("a", "Audit"));
    assert!(store.reload());
    assert_eq!((before.status.generation, store.status().generation), (1, 2));
}

#[test]
fn a_policy_that_needs_namespace_labels_needs_a_cluster() {
    let folder = Folder::new("labels");
    let text = policy("a", "Warn") + "  match: {namespaceSelector: {matchLabels: {stage: dev}}}\n";
    folder.write("a.yaml", &text);
    let (store, _) = open(folder.sources(), by_notice());
    assert_eq!(in_force(&store), [""; 0]);
    assert!(store.status().to_string().contains("needs the labels of namespaces"), "{}", store.status());
    assert!(!*store.needs_namespaces().borrow());
    let (store, _) = open(folder.sources(), Options { has_cluster: true, ..by_notice() });
    assert_eq!(in_force(&store), ["a Warn"]);
    let needs = store.needs_namespaces();
    assert!(*needs.borrow());
    folder.write("a.yaml", &policy("a", "Warn"));
    assert!(store.reload());
    assert!(!*needs.borrow());
}
