//! The clock of the authorizer jumps, with libfaketime.

use std::fs;

use testkit::signer::Signer;
use tests::RunningStack;

use crate::key_server::KeyServer;
use crate::log_mark::LogMark;
use crate::table::Table;

/// The path in Debian's package `libfaketime`.
const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

pub(crate) async fn run(table: &mut Table) {
    assert!(
        fs::exists(LIBRARY).is_ok_and(|exists| exists),
        "install libfaketime: {LIBRARY} is missing"
    );
    let file = std::env::temp_dir().join(format!("faults-clock-{}", std::process::id()));
    let set = |offset: &str| fs::write(&file, offset).expect("the offset of the clock");
    set("+0");
    let function = format!(
        "AuthorizerFunction=env LD_PRELOAD={LIBRARY} FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 \
         FAKETIME_TIMESTAMP_FILE={} {}",
        file.display(),
        tests::local_binary().with_file_name("authorizer").display()
    );
    let issuer = KeyServer::start();
    let stack = issuer.stack("faults-clock", &["--function", &function]);
    let call = || status(&stack, issuer.token("first", Signer::rsa()));
    assert_eq!(call().await, 200);
    for (name, offset, expected, reason) in [
        (
            "the clock jumps ahead by 30 s, within the leeway",
            "+30",
            200,
            "`granted`",
        ),
        (
            "the clock jumps ahead by 2 hours",
            "+7200",
            401,
            "`token_expired`",
        ),
        (
            "the clock jumps back by 30 s, within the leeway",
            "-30",
            200,
            "`granted`",
        ),
        (
            "the clock jumps back by 2 hours",
            "-7200",
            401,
            "`issued_in_future`",
        ),
        (
            "the clock jumps back by 20 years",
            "-630720000",
            401,
            "`issued_in_future`",
        ),
    ] {
        let mark = LogMark::new(&stack, "authorizer.log");
        set(offset);
        let during = [call().await, call().await];
        let decisions = mark.decisions();
        set("+0");
        let after = call().await;
        table.row(
            name,
            &format!("{during:?}, right again {after}"),
            decisions.first().map(String::as_str).unwrap_or_default(),
            during == [expected; 2]
                && after == 200
                && decisions.iter().all(|logged| logged.starts_with(reason)),
        );
    }
    fs::remove_file(file).expect("the offset is removed");
}

async fn status(stack: &RunningStack, token: String) -> u16 {
    stack.get("/session", Some(&token)).await.status
}
