args <- commandArgs(trailingOnly = TRUE)
name <- if (length(args) > 0) args[[1]] else "world"
cat("Hello, ", name, "!\n", sep = "")
