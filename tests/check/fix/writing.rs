//! What becomes of the files themselves: links, owners, modes, and what happens between reading and writing.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

use super::{POLICY, after, fix};
use crate::program::Check;

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: a
    image: x.io/a
";

const FIXED: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: a
    image: x.io/a
    resources:
      requests:
        cpu: 100m
  terminationGracePeriodSeconds: 45
";

#[track_caller]
fn holds_only(check: &Check, expected: &[&str]) {
    let names = fs::read_dir(check.path("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, expected);
}

#[test]
fn a_link_stays_a_link_and_the_mode_stays() {
    let check = fix(POD).link("link.yaml", "web.yaml").args(["link.yaml"]);
    fs::set_permissions(check.path("web.yaml"), Permissions::from_mode(0o640)).unwrap();
    assert_eq!(after(&check, "web.yaml", 0), FIXED);
    assert!(fs::symlink_metadata(check.path("link.yaml")).unwrap().is_symlink());
    assert_eq!(fs::metadata(check.path("web.yaml")).unwrap().permissions().mode() & 0o777, 0o640);
    holds_only(&check, &["house.yaml", "link.yaml", "web.yaml"]);
}

#[test]
fn hard_links_stay_links_to_one_file() {
    let check = fix(POD).args(["other.yaml"]);
    fs::hard_link(check.path("web.yaml"), check.path("other.yaml")).unwrap();
    assert_eq!(after(&check, "web.yaml", 0), FIXED);
    assert_eq!(check.read("other.yaml"), FIXED);
    let [web, other] = ["web.yaml", "other.yaml"].map(|name| fs::metadata(check.path(name)).unwrap().ino());
    assert_eq!(web, other);
    holds_only(&check, &["house.yaml", "other.yaml", "web.yaml"]);
}

#[test]
fn a_shorter_text_leaves_nothing_of_the_longer_one() {
    let rule = "[{name: mirror, rewriteImages: [{from: registry.example.com/hub, to: r.io}]}]";
    let (policy, _) = POLICY.split_once("  rules:").unwrap();
    let check = fix(&POD.replace("x.io/a", "registry.example.com/hub/a"));
    let check = check.file("house.yaml", &format!("{policy}  rules: {rule}\n"));
    fs::hard_link(check.path("web.yaml"), check.path("other.yaml")).unwrap();
    assert_eq!(after(&check, "web.yaml", 0), POD.replace("x.io/a", "r.io/a"));
}

#[test]
fn the_owner_stays() {
    let check = fix(POD);
    // Only root can give files away.
    let (uid, gid) = match chown(check.path("web.yaml"), Some(12_345), Some(23_456)) {
        Ok(()) => (12_345, 23_456),
        Err(_) => fs::metadata(check.path("web.yaml")).map(|metadata| (metadata.uid(), metadata.gid())).unwrap(),
    };
    fs::set_permissions(check.path("web.yaml"), Permissions::from_mode(0o600)).unwrap();
    assert_eq!(after(&check, "web.yaml", 0), FIXED);
    let metadata = fs::metadata(check.path("web.yaml")).unwrap();
    assert_eq!((metadata.uid(), metadata.gid(), metadata.mode() & 0o777), (uid, gid, 0o600));
}

#[test]
fn a_file_that_may_not_be_written_is_an_error_by_each_of_its_names() {
    let check = fix(POD).file("good.yaml", POD).link("link.yaml", "web.yaml").args(["link.yaml", "good.yaml"]);
    fs::set_permissions(check.path("web.yaml"), Permissions::from_mode(0o444)).unwrap();
    let printed = check.output();
    assert_eq!((printed.code, check.read("web.yaml")), (Some(2), POD.to_owned()));
    let expected = "\
error: `web.yaml` cannot be written: it is read-only

error: `link.yaml` cannot be written: it is read-only

";
    assert_eq!(printed.stderr, expected);
    assert_eq!(printed.stdout.matches("its file cannot be written").count(), 4, "{}", printed.stdout);
    assert_eq!(check.read("good.yaml"), FIXED);
}

#[test]
fn a_folder_is_fixed_file_by_file_and_one_that_needs_nothing_is_not_touched() {
    let check = Check::new().file("house.yaml", POLICY).args(["-p", "house.yaml", "--fix", "all", "all/a.yaml"]);
    let check = check.file("all/a.yaml", POD).file("all/b/c.yml", POD).file("all/done.yaml", FIXED);
    let check = check.file("all/service.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n");
    let inode = |name: &str| fs::metadata(check.path(name)).map(|metadata| metadata.ino()).unwrap();
    let before = ["all/done.yaml", "all/service.yaml"].map(inode);
    assert_eq!(after(&check, "all/a.yaml", 0), FIXED);
    assert_eq!(check.read("all/b/c.yml"), FIXED);
    assert_eq!(["all/done.yaml", "all/service.yaml"].map(inode), before);
}

#[test]
fn a_diff_shows_a_file_once_by_whatever_names_it_is_asked_for() {
    let check = Check::new().file("house.yaml", POLICY).file("web.yaml", POD).link("link.yaml", "web.yaml");
    let check = check.args(["-p", "house.yaml", "--diff", "web.yaml", "link.yaml", "./web.yaml"]);
    let printed = check.output();
    assert_eq!(printed.stdout.matches("+++ ").count(), 1, "{}", printed.stdout);
    assert_eq!(printed.code, Some(0));
}

#[test]
fn a_diff_is_one_that_patch_takes() {
    let text = POD.replace('\n', "\r\n");
    let check = Check::new().file("house.yaml", POLICY).file("a b/my web.yaml", text.trim_end());
    let check = check.args(["-p", "house.yaml", "--diff", "a b/my web.yaml"]);
    let printed = check.output();
    let head = "--- a b/my web.yaml\t\n+++ a b/my web.yaml\t\n@@ -4,4 +4,8 @@\n spec:\r\n";
    assert!(printed.stdout.starts_with(head), "{}", printed.stdout);
    let end = "+  terminationGracePeriodSeconds: 45\n\\ No newline at end of file\n";
    assert!(printed.stdout.ends_with(end), "{}", printed.stdout);
}
