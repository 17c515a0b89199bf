//! Exceptions among the inputs, and beside the policies.

use crate::program::Check;

const POLICY: &str = "\
apiVersion: podgate.dev/v1alpha1
kind: ClusterPodPolicy
metadata: {name: house}
spec:
  mode: Enforce
  rules:
  - name: our-registry
    require:
      container: image(container.image).registry() == 'registry.example.com'
      field: image
      message: comes from elsewhere
";

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
  - name: web
    image: docker.io/library/nginx:1.27
";

const EXCEPTION: &str = "\
apiVersion: podgate.dev/v1alpha1
kind: PodPolicyException
metadata: {name: until-mirrored, namespace: shop}
spec:
  reason: the mirror lacks it, OPS-17
  expires: 2027-03-01
  policies: [{policy: house, rules: [our-registry]}]
  containers: [{name: web, image: 'docker.io/library/nginx:*'}]
";

fn check(exception: &str, args: &[&str]) -> Check {
    Check::new()
        .file("house.yaml", POLICY)
        .file("app/pod.yaml", POD)
        .file("app/exception.yaml", exception)
        .args(["-p", "house.yaml", "app"])
        .args(args.iter().copied())
}

#[test]
fn an_exception_in_the_input_lets_a_pod_pass_and_is_named() {
    check(EXCEPTION, &["--now", "2027-02-28T08:00:00Z"])
        .stdout(
            "\
note[house/our-registry]: comes from elsewhere
 --> app/pod.yaml:7:12
  |
7 |     image: docker.io/library/nginx:1.27
  |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ spec.containers[web].image
  |
  = note: excepted by `PodPolicyException/shop/until-mirrored` until 2027-03-01T00:00:00Z: the mirror lacks it, OPS-17

Pod shop/web: allowed, unchanged

1 object: 1 allowed, 0 denied, 0 changed, 0 warnings    (house.yaml, Kubernetes 1.37)
",
        )
        .stderr("")
        .code(0);
}

#[test]
fn one_that_has_expired_is_warned_of_and_lets_nothing_pass() {
    check(EXCEPTION, &["--now", "2027-03-01T00:00:00Z"])
        .stdout(
            "\
error[house/our-registry]: comes from elsewhere
 --> app/pod.yaml:7:12
  |
7 |     image: docker.io/library/nginx:1.27
  |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ spec.containers[web].image
  |
  = note: no longer excepted: `PodPolicyException/shop/until-mirrored` until 2027-03-01T00:00:00Z: the mirror lacks it, OPS-17

Pod shop/web: denied, 1 violation

1 object: 0 allowed, 1 denied, 0 changed, 1 warning    (house.yaml, Kubernetes 1.37)
",
        )
        .stderr(
            "\
warning: the exception `PodPolicyException/shop/until-mirrored` expired at 2027-03-01T00:00:00Z
 --> app/exception.yaml:1:1
  |
1 | apiVersion: podgate.dev/v1alpha1
  | ^^^^^^^^^^
  |
  = help: take it away, or give it a later `expires`

",
        )
        .code(1);
}

#[test]
fn one_that_is_from_no_rule_is_an_error_and_the_pod_is_judged_without_it() {
    check(&EXCEPTION.replace("[our-registry]", "[our-registy]"), &["-q"])
        .stdout_has("Pod shop/web: denied")
        .stderr(
            "\
error: `ClusterPodPolicy/house` has no rule `our-registy` to be an exception from
 --> app/exception.yaml:7:38
  |
7 |   policies: [{policy: house, rules: [our-registy]}]
  |                                      ^^^^^^^^^^^
  |
  = help: did you mean `our-registry`?

",
        )
        .code(2);
}

#[test]
fn only_a_trusted_namespace_grants_exceptions_to_others() {
    let elsewhere =
        EXCEPTION.replace("namespace: shop}\nspec:", "namespace: platform}\nspec:\n  namespaces: [\"sh*\"]");
    check(&elsewhere, &["--now", "2027-01-01T00:00:00Z", "--exception-namespace", "platform"])
        .stdout_has("Pod shop/web: allowed")
        .code(0);
    check(&elsewhere, &["--now", "2027-01-01T00:00:00Z", "-q"])
        .stderr_has("error: `namespaces` in an exception of `platform`, which is not trusted with others")
        .stdout_has("Pod shop/web: denied")
        .code(2);
    // Beside the policies it is the same; named twice it is one.
    Check::new()
        .file("policies/house.yaml", POLICY)
        .file("policies/exception.yaml", EXCEPTION)
        .file("pod.yaml", POD)
        .args(["-p", "policies", "--now", "2027-01-01T00:00:00Z", "pod.yaml", "policies"])
        .stdout_has("Pod shop/web: allowed")
        .code(0);
}

#[test]
fn the_json_says_what_let_it_pass_and_how_often_each_was_needed() {
    let unused = EXCEPTION.replace("until-mirrored", "unused").replace("namespace: shop", "namespace: lab");
    let found = check(&format!("{EXCEPTION}---\n{unused}"), &["-o", "json", "--now", "2027-01-01T00:00:00Z"]).json(0);
    assert_eq!(found["objects"][0]["violations"][0]["exception"], "PodPolicyException/shop/until-mirrored");
    assert_eq!(found["objects"][0]["decision"], "allow");
    let used = |exception: &serde_json::Value| (exception["id"].clone(), exception["used"].clone());
    let exceptions: Vec<_> = found["exceptions"].as_array().unwrap().iter().map(used).collect();
    assert_eq!(
        exceptions,
        [
            ("PodPolicyException/lab/unused".into(), 0.into()),
            ("PodPolicyException/shop/until-mirrored".into(), 1.into())
        ]
    );
}

#[test]
fn one_from_a_single_check_lets_the_others_stand() {
    let exception = EXCEPTION.replace(
        "policy: house, rules: [our-registry]",
        "policy: pod-security-baseline, checks: [{check: hostPorts, values: [8080]}]",
    );
    let exception = exception.replace("  containers: [{name: web, image: 'docker.io/library/nginx:*'}]\n", "");
    let pod =
        POD.replace("spec:\n", "spec:\n  hostPID: true\n") + "    ports: [{containerPort: 8080, hostPort: 8080}]\n";
    let run = |exception: &str| {
        let files = Check::new().file("app/pod.yaml", &pod).file("app/exception.yaml", exception);
        files.args(["-p", "builtin:baseline", "--now", "2027-02-28T08:00:00Z", "app"])
    };
    run(&exception)
        .stdout(
            "\
error[pod-security-baseline/baseline]: host namespaces (hostPID=true)
 --> app/pod.yaml:5:12
  |
5 |   hostPID: true
  |            ^^^^ spec.hostPID

note[pod-security-baseline/baseline]: hostPort (container \"web\" uses hostPort 8080)
 --> app/pod.yaml:9:45
  |
9 |     ports: [{containerPort: 8080, hostPort: 8080}]
  |                                             ^^^^ spec.containers[web].ports[0].hostPort
  |
  = note: excepted by `PodPolicyException/shop/until-mirrored` until 2027-03-01T00:00:00Z: the mirror lacks it, OPS-17

Pod shop/web: denied, 1 violation

1 object: 0 allowed, 1 denied, 0 changed, 0 warnings    (builtin:baseline, Kubernetes 1.37)
",
        )
        .stderr("")
        .code(1);
    run(&exception.replace("check: hostPorts, values: [8080]", "check: runAsUser"))
        .stdout_has("1 object: 0 allowed, 1 denied")
        .stderr(
            "\
error: `runAsUser` is not a check of `baseline:v1.37`
 --> app/exception.yaml:7:63
  |
7 |   policies: [{policy: pod-security-baseline, checks: [{check: runAsUser}]}]
  |                                                               ^^^^^^^^^

",
        )
        .code(2);
}

#[test]
fn an_exception_by_an_image_that_is_rewritten_before_is_warned_of() {
    let mirror = "\
apiVersion: podgate.dev/v1alpha1
kind: ClusterPodPolicy
metadata: {name: mirror}
spec:
  mode: Enforce
  rules:
  - name: hub
    rewriteImages: [{from: docker.io, to: mirror.example.com/hub}]
  - name: baseline
    podSecurity:
      level: baseline
      except: [{check: privileged, containers: [{name: web, image: docker.io/library/nginx:1.27}]}]
";
    let check = |mirror: &str, exception: &str| {
        Check::new()
            .file("house.yaml", POLICY)
            .file("mirror.yaml", mirror)
            .file("pod.yaml", POD)
            .file("exception.yaml", exception)
            .args(["-p", "house.yaml", "-p", "mirror.yaml", "-q", "--now", "2027-02-28T08:00:00Z"])
            .args(["pod.yaml", "exception.yaml"])
    };
    check(mirror, EXCEPTION)
        .stderr(
            "\
warning: no new image is `docker.io/library/nginx:1.27` when it is judged: `ClusterPodPolicy/mirror/hub` takes it from elsewhere before
  --> mirror.yaml:12:68
   |
12 |       except: [{check: privileged, containers: [{name: web, image: docker.io/library/nginx:1.27}]}]
   |                                                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: name the image that it becomes, `mirror.example.com/hub/library/nginx:1.27`

warning: no new image is `docker.io/library/nginx:*` when it is judged: `ClusterPodPolicy/mirror/hub` takes it from elsewhere before
 --> exception.yaml:8:35
  |
8 |   containers: [{name: web, image: 'docker.io/library/nginx:*'}]
  |                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: name the image that it becomes, `mirror.example.com/hub/library/nginx:*`

",
        )
        .stdout_has("1 object: 0 allowed, 1 denied, 1 changed, 2 warnings")
        .code(1);
    let mirror = mirror.split("  - name: baseline").next().unwrap();
    let image = |image: &str| EXCEPTION.replace("docker.io/library/nginx:*", image);
    // Of several rewrites the longest decides, and where the pattern leaves open which one, no name is proposed.
    for (rewrites, named, help) in [
        (
            "{from: docker.io, to: m.io/hub}, {from: docker.io/library/nginx, to: m.io/nginx}",
            "docker.io/library/nginx:1.27",
            "name the image that it becomes, `m.io/nginx:1.27`",
        ),
        (
            "{from: docker.io/library/nginx, to: m.io/nginx}",
            "docker.io/library/nginx:*",
            "name the image that it becomes, `m.io/nginx:*`",
        ),
        (
            "{from: index.docker.io/library, to: m.io/a}, {from: docker.io/library/nginx, to: m.io/b}",
            "docker.io/library/nginx@*",
            "name the image that it becomes, `m.io/b@*`",
        ),
        (
            "{from: docker.io, to: m.io/hub}, {from: docker.io/library, to: m.io/lib}",
            "docker.io/lib*",
            "name the images that they become",
        ),
        ("{from: docker.io, to: m.io/hub}", "docker.io/*", "name the image that it becomes, `m.io/hub/*`"),
    ] {
        let mirror = mirror.replace("{from: docker.io, to: mirror.example.com/hub}", rewrites);
        let printed = check(&mirror, &image(named)).output();
        assert!(printed.stderr.ends_with(&format!("  = help: {help}\n\n")), "{named}: {}", printed.stderr);
    }
    let narrow = |matching: &str| mirror.replace("spec:\n", &format!("spec:\n  match: {{{matching}}}\n"));
    let of_hub = "[{policy: house}, {policy: mirror, rules: [hub]}]";
    for (what, mirror, exception) in [
        ("by the image that it becomes", mirror.to_owned(), image("mirror.example.com/hub/library/nginx:*")),
        (
            "from the rewriting, too",
            mirror.to_owned(),
            EXCEPTION.replace("[{policy: house, rules: [our-registry]}]", of_hub),
        ),
        ("by images that are not all rewritten", mirror.to_owned(), image("d*")),
        ("by images of other registries, too", mirror.to_owned(), image("docker.io*")),
        ("beside a rule for some namespaces", narrow("namespaces: [a*]"), EXCEPTION.to_owned()),
        ("beside a rule for updates", narrow("operations: [UPDATE]"), EXCEPTION.to_owned()),
        (
            "beside a rule for other owners",
            narrow("excludeKinds: [Deployment.apps, ReplicaSet.apps]"),
            EXCEPTION.to_owned(),
        ),
        (
            "beside another one from the rewriting",
            mirror.to_owned(),
            format!(
                "{EXCEPTION}---\n{}",
                EXCEPTION
                    .replace("until-mirrored", "hub")
                    .replace("[{policy: house, rules: [our-registry]}]", "[{policy: mirror}]")
            ),
        ),
        ("beside a rule that only warns", mirror.replace("Enforce", "Warn"), EXCEPTION.to_owned()),
    ] {
        let printed = check(&mirror, &exception).output();
        assert_eq!(printed.stderr, "", "{what}");
    }
}
