module github.com/quillgo/quill/contrib/hystrix/difftest

go 1.25.0

require (
	github.com/stretchr/testify v1.12.1
	go.uber.org/goleak v1.3.0
)

require (
	github.com/benbjohnson/clock v1.3.5 // indirect
	github.com/smartystreets/goconvey v1.8.1 // indirect
)

require (
	github.com/afex/hystrix-go v0.0.0-20180502004556-fa1af6a1f4f5
	github.com/quillgo/quill v0.0.0
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)

replace github.com/quillgo/quill => ../../..
