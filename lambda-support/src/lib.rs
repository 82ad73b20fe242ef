//! What both Lambdas need from the platform, and no domain: clock, deadline, settings and log.

pub mod clock;
pub mod deadline;
pub mod log;
pub mod settings;
