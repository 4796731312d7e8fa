// Package quillhttp is quill in net/http: streams of a registry's figures that
// Hystrix's dashboard, Turbine and other clients of Hystrix read, and middleware
// that gives each request a scope. It needs nothing but net/http and quill.
package quillhttp
