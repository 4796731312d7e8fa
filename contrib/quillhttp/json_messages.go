package quillhttp

import "github.com/quillgo/quill/command"

// HystrixJSON returns the messages of hystrix.stream about a report, each the
// JSON of one object: commands, then pools, then collapsers. It is for those who
// send them by other ways than HTTP (SerialHystrixDashboardData).
func HystrixJSON(r command.Report) [][]byte {
	var all [][]byte
	for _, m := range hystrixMessages(&r) {
		all = append(all, encodeOne(m))
	}
	return all
}

// UtilizationJSON returns the message about what is in use
// (SerialHystrixUtilization).
func UtilizationJSON(u command.Utilization) []byte { return encodeOne(newHystrixUtilization(u)) }

// ConfigJSON returns the message about the settings in force
// (SerialHystrixConfiguration).
func ConfigJSON(c command.Configuration) []byte { return encodeOne(newHystrixConfig(c)) }

// RequestJSON returns the message about what was executed within a scope, the
// JSON of an array (SerialHystrixRequestEvents). The entries are those of its log:
// [command.Log.Entries].
func RequestJSON(entries []command.Entry) []byte { return encodeOne(newRequestEvents(entries)) }

// hystrixMessages are those of the dashboard, in Hystrix's order.
func hystrixMessages(r *command.Report) []any {
	all := make([]any, 0, len(r.Commands)+len(r.Pools)+len(r.Collapsers))
	for i := range r.Commands {
		all = append(all, newHystrixCommand(r.At, &r.Commands[i]))
	}
	for i := range r.Pools {
		all = append(all, newHystrixThreadPool(r.At, &r.Pools[i]))
	}
	for i := range r.Collapsers {
		all = append(all, newHystrixCollapser(r.At, &r.Collapsers[i]))
	}
	return all
}
