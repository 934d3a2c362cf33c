"""The functions of PromQL compute on plain numbers and samples."""
