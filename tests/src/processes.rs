//! The stack's process and its children, from `/proc`.

use std::fmt;
use std::fs;
use std::process::Command;

/// The resources that a process uses.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    pub functions: usize,
    /// Its ended children that it has not reaped.
    pub zombies: usize,
    pub handles: usize,
    pub threads: usize,
    pub memory_kib: u64,
}

impl Usage {
    /// The current use of a process.
    ///
    /// # Panics
    ///
    /// If it has ended.
    pub fn of(process: u32) -> Self {
        let handles = fs::read_dir(format!("/proc/{process}/fd")).expect("the stack's handles");
        Self {
            functions: functions(process).len(),
            zombies: children(process)
                .iter()
                .filter(|child| child.is_zombie)
                .count(),
            handles: handles.count(),
            threads: usize::try_from(status(process, "Threads:")).expect("a count"),
            memory_kib: status(process, "VmRSS:"),
        }
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            functions,
            zombies,
            handles,
            threads,
            memory_kib,
        } = self;
        write!(
            f,
            "{functions} function processes, {zombies} zombies, {handles} file handles, {threads} threads, {} MiB",
            memory_kib / 1024
        )
    }
}

/// The most memory that a process has used.
///
/// # Panics
///
/// If it has ended.
pub fn peak_memory_kib(process: u32) -> u64 {
    status(process, "VmHWM:")
}

/// A number of `/proc/{process}/status`.
fn status(process: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let value = line.and_then(|line| line.split_whitespace().next());
    value
        .and_then(|value| value.parse().ok())
        .expect("a number")
}

#[derive(Debug)]
struct ChildProcess {
    id: u32,
    name: String,
    is_zombie: bool,
}

fn children(parent: u32) -> Vec<ChildProcess> {
    let all = fs::read_dir("/proc").expect("Linux");
    let stats = all.filter_map(|entry| fs::read_to_string(entry.ok()?.path().join("stat")).ok());
    stats.filter_map(|stat| child(&stat, parent)).collect()
}

/// The child in a line such as `12 (name) S 7 …`, if its parent (7 in this example) is `parent`.
fn child(stat: &str, parent: u32) -> Option<ChildProcess> {
    let (head, rest) = stat.rsplit_once(") ")?;
    let (id, name) = head.split_once(" (")?;
    let mut rest = rest.split(' ');
    let (state, of) = (rest.next()?, rest.next()?);
    (of == parent.to_string()).then(|| ChildProcess {
        id: id.parse().unwrap_or_default(),
        name: name.to_owned(),
        is_zombie: state == "Z",
    })
}

/// The running function processes of a stack.
pub fn functions(stack: u32) -> Vec<u32> {
    ["authorizer", "api-handler"]
        .iter()
        .flat_map(|name| processes_of(name, stack))
        .collect()
}

/// The running processes of one function.
pub fn processes_of(function: &str, stack: u32) -> Vec<u32> {
    let children = children(stack).into_iter();
    children
        .filter(|child| !child.is_zombie && child.name == function)
        .map(|child| child.id)
        .collect()
}

/// Sends a signal, such as `KILL`, to a process, which may have ended.
pub fn signal(name: &str, process: u32) {
    let _ = Command::new("kill")
        .args([&format!("-{name}"), &process.to_string()])
        .output();
}

pub fn is_alive(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}
