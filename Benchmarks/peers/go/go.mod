module omnibus-bench-go

go 1.19
