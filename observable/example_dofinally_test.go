package observable_test

import (
	"context"
	"fmt"

	"github.com/quillgo/quill/observable"
)

// How do I clean up, however the stream ends?
func ExampleObservable_DoFinally() {
	rows := observable.Range(1, 1_000_000).DoFinally(func() { fmt.Println("cursor closed") })

	first, err := rows.First(context.Background()) // stops the stream
	fmt.Println(first, err)

	_, err = rows.Filter(func(row int) bool { panic(fmt.Sprint("bad row ", row)) }).First(context.Background())
	fmt.Println(err)
	// Output:
	// cursor closed
	// 1 <nil>
	// cursor closed
	// observable: user function panicked: bad row 1
}
