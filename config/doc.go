// Package config makes [command.Config] of what stands in files and in
// configuration libraries.
//
// [Parse] reads JSON, [FromMap] what a library has decoded, [Properties]
// Hystrix's own property names, and [File] is a source that a registry can follow:
//
//	src := config.File("quill.json", config.FileOptions{})
//	stop, err := command.DefaultRegistry.Follow(src, nil)
//
// # The shape
//
//	{
//	  "default":  {"timeout": "500ms"},
//	  "commands": {"GetUser": {"timeout": "200ms", "isolation": "Semaphore", "semaphore": 20, "breaker": "ForcedOpen"}},
//	  "defaultPool": {"core": 10},
//	  "pools":    {"Users": {"core": 20, "max": 40, "queue": 100, "rejectAt": "Unlimited"}},
//	  "defaultCollapser": {"delay": "5ms"},
//	  "collapsers": {"GetUser": {"maxRequests": 50}}
//	}
//
// The keys are the names of the fields of [command.Config], [command.Settings],
// [isolation.PoolConfig] and [command.CollapserSettings] with a small first
// letter. A key that is not there is not set. Values are
//
//   - durations: strings as time.ParseDuration reads them, more than 0; for a
//     timeout also "off",
//   - numbers: whole and more than 0; for semaphores also "Unlimited" and "None",
//     for maxRequests and rejectAt "Unlimited", for queue "None",
//   - switches: "On" and "Off", for requestCache also "WhenScoped"; isolation:
//     "Pool" and "Semaphore"; breaker: "Auto", "ForcedOpen", "ForcedClosed" and
//     "Disabled".
//
// Whatever is not that is an error: a key that nobody knows, a key that is there
// twice, a value of another type or that cannot be, something behind the end. The
// errors name the path, the value and what would be right, all of them at once.
package config
