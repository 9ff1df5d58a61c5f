# EM of mclust on one column of data from a given start: prints the seconds of a number of iterations, then the means.
suppressMessages(library(mclust))
given <- commandArgs(trailingOnly = TRUE)
x <- scan(given[1], quiet = TRUE)
start <- matrix(scan(given[2], quiet = TRUE), nrow = 3, byrow = TRUE)
iterations <- as.integer(given[3])
K <- ncol(start)
parameters <- list(
  pro = start[1, ], mean = start[2, ],
  variance = list(modelName = "V", d = 1, G = K, sigmasq = start[3, ], scale = start[3, ])
)
control <- emControl(eps = 0, tol = c(0, 0), itmax = c(iterations, iterations))
seconds <- system.time(fit <- em(modelName = "V", data = x, parameters = parameters, control = control))[["elapsed"]]
cat(seconds, attr(fit, "info")[["iterations"]], "\n")
cat(format(fit$parameters$mean, digits = 17), "\n")
