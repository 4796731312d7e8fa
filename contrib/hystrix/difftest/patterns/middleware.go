package patterns

import (
	"context"

	"github.com/quillgo/quill/contrib/hystrix"
)

// Endpoint is one operation of a service, as toolkits for services (go-kit, micro)
// have it.
type Endpoint func(ctx context.Context, request any) (response any, err error)

// Guard puts a circuit around an endpoint. The result comes by capture, and the
// error as the endpoint gave it, or as the circuit refused.
func Guard(name string) func(Endpoint) Endpoint {
	return func(next Endpoint) Endpoint {
		return func(ctx context.Context, request any) (any, error) {
			var response any
			if err := hystrix.Do(name, func() (err error) {
				response, err = next(ctx, request)
				return err
			}, nil); err != nil {
				return nil, err
			}
			return response, nil
		}
	}
}
