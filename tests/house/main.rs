//! The house keeps itself: floors, help, manual, completions and README say what the code does.

#[cfg(test)]
mod floors;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod help;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod transcript;
