"""The functions of PromQL on plain numbers and samples."""
