module github.com/quillgo/quill/bench

go 1.25.0

require (
	github.com/afex/hystrix-go v0.0.0-20180502004556-fa1af6a1f4f5
	github.com/benbjohnson/clock v1.3.5
	github.com/cep21/circuit/v4 v4.1.0
	github.com/eapache/go-resiliency v1.7.0
	github.com/failsafe-go/failsafe-go v0.9.8
	github.com/quillgo/quill v0.0.0
	github.com/sony/gobreaker/v2 v2.4.0
	golang.org/x/sync v0.20.0
)

require (
	github.com/bits-and-blooms/bitset v1.24.4 // indirect
	github.com/smartystreets/goconvey v1.8.1 // indirect
)

replace github.com/quillgo/quill => ..
