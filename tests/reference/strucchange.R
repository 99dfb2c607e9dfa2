# Reference numbers for tests/test_bai_perron.py: Rscript tests/reference/strucchange.R FOLDER
# strucchange 1.5-3, default engine (engine = "C" returns wrong residuals on some builds).
suppressMessages(library(strucchange))
folder <- commandArgs(trailingOnly = TRUE)[1]
set.seed(20240617)
n <- 120
t <- 1:n
x <- matrix(rnorm(2 * n), n, 2)
level <- 2 * (t > 30) - 3 * (t > 62) + 1.5 * (t > 95)
y <- round(10 + level + (0.02 - 0.05 * (t > 62)) * t + 0.5 * x[, 1] * (t > 45) + rnorm(n), 6)
data <- data.frame(y = y, trend = t / n, a = round(x[, 1], 6), b = round(x[, 2], 6))
write.csv(data, file.path(folder, "strucchange_data.csv"), row.names = FALSE)

formulas <- list(y ~ 1, y ~ trend, y ~ trend + a, y ~ trend + a + b)
rows <- list()
for (k in seq_along(formulas)) {
  full <- breakpoints(formulas[[k]], data = data, h = 15)
  fit <- summary(full)
  for (m in 0:5) {
    cuts <- if (m > 0) breakpoints(full, breaks = m)$breakpoints else integer(0)
    rows[[length(rows) + 1]] <- data.frame(
      series = "simulated", regressors = k, breaks = m, cuts = paste(cuts, collapse = " "),
      rss = sprintf("%.12g", fit$RSS["RSS", m + 1]), bic = sprintf("%.12g", fit$RSS["BIC", m + 1]),
      low = "", high = "", low_hac = "", high_hac = "")
  }
  for (m in 1:2) {
    # an interval that cannot be computed is NA, with a warning
    plain <- suppressWarnings(confint(full, breaks = m))$confint
    newey <- suppressWarnings(confint(full, breaks = m, vcov. = function(fm)
      NeweyWest(fm, lag = floor(4 * (nobs(fm) / 100)^(2 / 9)), prewhite = FALSE, adjust = FALSE)))$confint
    i <- length(rows) - 5 + m
    rows[[i]]$low <- paste(plain[, 1], collapse = " ")
    rows[[i]]$high <- paste(plain[, 3], collapse = " ")
    rows[[i]]$low_hac <- paste(newey[, 1], collapse = " ")
    rows[[i]]$high_hac <- paste(newey[, 3], collapse = " ")
  }
}
full <- breakpoints(Nile ~ 1)
fit <- summary(full)
for (m in 0:5) {
  cuts <- if (m > 0) breakpoints(full, breaks = m)$breakpoints else integer(0)
  ci <- if (m == 1) confint(full, breaks = m)$confint else NULL
  rows[[length(rows) + 1]] <- data.frame(
    series = "nile", regressors = 1, breaks = m, cuts = paste(cuts, collapse = " "),
    rss = sprintf("%.12g", fit$RSS["RSS", m + 1]), bic = sprintf("%.12g", fit$RSS["BIC", m + 1]),
    low = paste(ci[, 1], collapse = " "), high = paste(ci[, 3], collapse = " "), low_hac = "", high_hac = "")
}
write.csv(do.call(rbind, rows), file.path(folder, "strucchange_numbers.csv"), row.names = FALSE)
