//! The Job of several load machines: what Kubernetes reads in it, and what its command names.

#![allow(clippy::unwrap_used)] // In a test, that is the assertion.

use assert_cmd::Command;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{self, Output, Stdio},
};
use tempfile::TempDir;

/// A Job as far as the example needs one, by the names and types of the API's batch/v1 and core/v1: what is written in another
/// way is refused here, as the server refuses it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Job {
    api_version: String,
    kind: String,
    metadata: Metadata,
    spec: JobSpec,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Metadata {
    name: Option<String>,
    labels: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct JobSpec {
    completion_mode: String,
    completions: i32,
    parallelism: i32,
    backoff_limit_per_index: i32,
    active_deadline_seconds: i64,
    ttl_seconds_after_finished: i32,
    template: Template,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Template {
    metadata: Metadata,
    spec: PodSpec,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PodSpec {
    restart_policy: String,
    automount_service_account_token: bool,
    affinity: Affinity,
    topology_spread_constraints: Vec<Spread>,
    security_context: PodSecurity,
    containers: Vec<Container>,
    volumes: Vec<Volume>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Affinity {
    pod_anti_affinity: AntiAffinity,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AntiAffinity {
    required_during_scheduling_ignored_during_execution: Vec<Term>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Term {
    topology_key: String,
    label_selector: Selector,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Selector {
    match_labels: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Spread {
    max_skew: i32,
    topology_key: String,
    when_unsatisfiable: String,
    label_selector: Selector,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PodSecurity {
    run_as_non_root: bool,
    run_as_user: i64,
    run_as_group: i64,
    fs_group: i64,
    seccomp_profile: Seccomp,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Seccomp {
    r#type: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Container {
    name: String,
    image: String,
    image_pull_policy: String,
    command: Vec<String>,
    args: Vec<String>,
    env: Vec<Variable>,
    resources: Resources,
    security_context: Security,
    volume_mounts: Vec<Mount>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Variable {
    name: String,
    value: Option<String>,
    value_from: Option<ValueFrom>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ValueFrom {
    secret_key_ref: SecretKey,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SecretKey {
    name: String,
    key: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Resources {
    requests: BTreeMap<String, String>,
    limits: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Security {
    allow_privilege_escalation: bool,
    read_only_root_filesystem: bool,
    capabilities: Capabilities,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Capabilities {
    drop: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Mount {
    name: String,
    mount_path: String,
    read_only: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Volume {
    name: String,
    secret: Option<SecretVolume>,
    empty_dir: Option<EmptyDir>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SecretVolume {
    secret_name: String,
    default_mode: i32,
    items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Item {
    key: String,
    path: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EmptyDir {
    size_limit: String,
}

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

fn job() -> Job {
    serde_saphyr::from_str(&read("examples/kubernetes/job.yaml")).unwrap()
}

fn container(job: &Job) -> &Container {
    let [container] = job.spec.template.spec.containers.as_slice() else { panic!("one container") };
    container
}

fn variable<'a>(container: &'a Container, name: &str) -> &'a Variable {
    container.env.iter().find(|variable| variable.name == name).unwrap()
}

#[test]
fn every_shard_has_a_pod_at_the_same_time_and_none_is_started_twice() {
    let job = job();
    assert_eq!((job.api_version.as_str(), job.kind.as_str()), ("batch/v1", "Job"));
    assert_eq!(job.metadata.name.as_deref(), Some("loist-bench"));
    let spec = &job.spec;
    assert_eq!(spec.completion_mode, "Indexed");
    assert_eq!(spec.completions, spec.parallelism, "they wait for each other");
    assert_eq!((spec.backoff_limit_per_index, spec.template.spec.restart_policy.as_str()), (0, "Never"));
    assert!(spec.active_deadline_seconds > 0 && spec.ttl_seconds_after_finished > 0);
    let container = container(&job);
    let named = [&container.name, &container.image, &container.image_pull_policy];
    assert_eq!(named, ["loist-bench", "loist-bench", "IfNotPresent"]);
    let shards = variable(container, "SHARDS").value.as_deref().unwrap();
    assert_eq!(shards, spec.completions.to_string());
}

#[test]
fn each_has_a_machine_of_its_own() {
    let job = job();
    let labels = &job.spec.template.metadata.labels;
    assert_eq!(*labels, job.metadata.labels);
    let pod = &job.spec.template.spec;
    let [apart] =
        pod.affinity.pod_anti_affinity.required_during_scheduling_ignored_during_execution.as_slice()
    else {
        panic!("one rule")
    };
    assert_eq!(
        (apart.topology_key.as_str(), &apart.label_selector.match_labels),
        ("kubernetes.io/hostname", labels)
    );
    let [spread] = pod.topology_spread_constraints.as_slice() else { panic!("one constraint") };
    assert_eq!(spread.label_selector.match_labels, *labels);
    assert_eq!((spread.max_skew, spread.when_unsatisfiable.as_str()), (1, "ScheduleAnyway"));
    assert_eq!(spread.topology_key, "topology.kubernetes.io/zone");
    // Equal ones make the class Guaranteed, and a whole number of processors can be the pod's alone.
    let resources = &container(&job).resources;
    assert_eq!(resources.requests, resources.limits);
    assert!(resources.requests["cpu"].parse::<u32>().is_ok() && resources.requests.contains_key("memory"));
}

#[test]
fn it_has_no_rights_and_its_secrets_come_from_a_secret() {
    let job = job();
    let (pod, container) = (&job.spec.template.spec, container(&job));
    let (whole, own) = (&pod.security_context, &container.security_context);
    assert!(whole.run_as_non_root && whole.run_as_user > 0 && whole.run_as_group > 0);
    assert_eq!(whole.seccomp_profile.r#type, "RuntimeDefault");
    assert!(!own.allow_privilege_escalation && own.read_only_root_filesystem);
    assert_eq!(own.capabilities.drop, ["ALL"]);
    assert!(!pod.automount_service_account_token);
    let url = variable(container, "DATABASE_URL");
    let from = &url.value_from.as_ref().unwrap().secret_key_ref;
    assert_eq!(
        (url.value.as_ref(), from.name.as_str(), from.key.as_str()),
        (None, "loist-bench", "database-url")
    );
    let file = Path::new(variable(container, "LOIST_BENCH_PASSWORD_FILE").value.as_deref().unwrap());
    let mount = |path: &str| container.volume_mounts.iter().find(|mount| mount.mount_path == path).unwrap();
    let volume = |name: &str| pod.volumes.iter().find(|volume| volume.name == name).unwrap();
    let secret = mount(file.parent().unwrap().to_str().unwrap());
    assert_eq!(secret.read_only, Some(true));
    let secret = volume(&secret.name).secret.as_ref().unwrap();
    let [item] = secret.items.as_slice() else { panic!("one item") };
    assert_eq!((secret.secret_name.as_str(), item.key.as_str()), (from.name.as_str(), "password"));
    assert_eq!(
        (item.path.as_str(), secret.default_mode),
        (file.file_name().unwrap().to_str().unwrap(), 0o440)
    );
    assert!(whole.fs_group > 0, "whose group may read it");
    assert!(!volume(&mount("/tmp").name).empty_dir.as_ref().unwrap().size_limit.is_empty());
}

/// The container's command with this program in place of loist-bench, and the directory that it lies in.
fn prepared(index: u32, program: &str) -> (TempDir, process::Command) {
    let job = job();
    let container = container(&job);
    let directory = tempfile::tempdir().unwrap();
    let [shell, option] = container.command.as_slice() else { panic!("{:?}", container.command) };
    let [script] = container.args.as_slice() else { panic!("{:?}", container.args) };
    let termination = directory.path().join("termination-log");
    let script = script.replace("/dev/termination-log", termination.to_str().unwrap());
    // By a shell of its own: what this process wrote can be busy when it is to be executed.
    let make = "cat >loist-bench && chmod +x loist-bench";
    Command::new("sh")
        .args(["-euc", make])
        .current_dir(directory.path())
        .write_stdin(program)
        .assert()
        .success();
    let path = format!("{}:{}", directory.path().display(), std::env::var("PATH").unwrap());
    let mut command = process::Command::new(shell);
    command.args([option, &script]).env("JOB_COMPLETION_INDEX", index.to_string()).env("PATH", path);
    command.env("SHARDS", variable(container, "SHARDS").value.as_deref().unwrap());
    (directory, command)
}

/// Runs the container's command with a program in place of loist-bench that says how it was called and ends with `code`.
fn shell(index: u32, code: u8) -> Output {
    let program = format!("#!/bin/sh\necho \"$@\"\necho why >&2\nexit {code}\n");
    let (directory, mut command) = prepared(index, &program);
    let output = command.output().unwrap();
    assert_eq!(fs::read_to_string(directory.path().join("termination-log")).unwrap(), "why\n");
    assert_eq!(output.stderr, b"", "the log holds the record alone");
    output
}

#[test]
fn indices_from_zero_become_numbers_from_one() {
    for (index, shard) in [(0, "--shard 1/8 "), (7, "--shard 8/8 ")] {
        let said = String::from_utf8(shell(index, 0).stdout).unwrap();
        assert!(said.starts_with("run mcp-mix ") && said.contains(shard), "{said}");
        assert!(said.contains("--format json") && said.contains("--quiet"), "{said}");
    }
}

#[test]
fn a_run_that_took_place_is_a_success_whatever_its_verdict() {
    for (code, ends) in [(0, 0), (1, 0), (4, 0), (2, 2), (3, 3), (130, 130)] {
        assert_eq!(shell(0, code).status.code(), Some(ends), "{code}");
    }
}

/// Whoever deletes the job wants the load to end now, and the shard to tell what it has.
#[test]
fn a_signal_reaches_the_shard() {
    let program =
        "#!/bin/sh\ntrap 'sleep 0.2; echo over; exit 130' TERM\necho begun\nwhile :; do sleep 0.05; done\n";
    let (_directory, mut command) = prepared(0, program);
    let mut pod = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(pod.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().as_deref(), Some("begun"));
    kill(Pid::from_raw(pod.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    assert_eq!(lines.next().as_deref(), Some("over"));
    assert_eq!(pod.wait().unwrap().code(), Some(130));
}

#[test]
fn every_option_that_it_names_is_there() {
    let mut help = Command::new(env!("CARGO_BIN_EXE_loist-bench"));
    let help = String::from_utf8(help.args(["run", "--help"]).output().unwrap().stdout).unwrap();
    let job = job();
    let script = &container(&job).args[0];
    let options: Vec<&str> = script.split_whitespace().filter(|word| word.starts_with("--")).collect();
    assert!(options.len() > 8, "{options:?}");
    for option in options {
        assert!(help.contains(option), "{option}");
    }
}
