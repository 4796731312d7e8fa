// Compose builds a page out of several commands: side by side, one after the
// other, and as futures.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/observable"
)

type profile struct {
	Name   string
	Orders []string
	Offers []string
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "compose:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	getName := command.Func("GetName", func(_ context.Context, id int) (string, error) {
		return fmt.Sprintf("user %d", id), nil
	})
	getOrders := command.Func("GetOrders", func(_ context.Context, name string) ([]string, error) {
		return []string{name + "'s book", name + "'s lamp"}, nil
	})
	getOffers := command.MustNew(command.Spec[int, []string]{
		Name: "GetOffers",
		Run: func(ctx context.Context, _ int) ([]string, error) {
			<-ctx.Done() // this backend is down; the context ends at the timeout
			return nil, ctx.Err()
		},
		Fallback: func(context.Context, int, error) ([]string, error) { return []string{"bestseller"}, nil },
		Settings: command.Settings{Timeout: 50 * time.Millisecond},
	})

	// Commands are streams, so they compose: the orders need the name, the
	// offers do not, and the page needs both.
	orders := observable.FlatMap(getName.ToObservable(1), func(name string) observable.Observable[profile] {
		return observable.Map(getOrders.ToObservable(name), func(orders []string) profile {
			return profile{Name: name, Orders: orders}
		})
	}, observable.Unlimited)
	page := observable.Zip2(orders, getOffers.ToObservable(1), func(p profile, offers []string) profile {
		p.Offers = offers
		return p
	})
	p, err := page.First(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("as a stream:  %+v\n", p)

	// The same with futures: both are on before the first is waited for.
	name, offers := getName.ToFuture(ctx, 2), getOffers.ToFuture(ctx, 2)
	var q profile
	if q.Name, err = name.Get(ctx); err != nil {
		return err
	}
	if q.Orders, err = getOrders.Execute(ctx, q.Name); err != nil {
		return err
	}
	if q.Offers, err = offers.Get(ctx); err != nil {
		return err
	}
	fmt.Printf("with futures: %+v\n", q)

	if len(p.Offers) != 1 || len(q.Offers) != 1 {
		return errors.New("the fallback did not serve")
	}
	return nil
}
