package config

import (
	"reflect"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
)

// KnownProperty is one of Hystrix's properties as docs/hystrix.md has it.
type KnownProperty struct{ Name, Field, Why string }

// KnownProperties are those that Properties knows.
func KnownProperties() (all []KnownProperty) {
	of := map[string]reflect.Type{
		commandKind: reflect.TypeFor[command.Settings](), poolKind: reflect.TypeFor[isolation.PoolConfig](),
		collapserKind: reflect.TypeFor[command.CollapserSettings](),
	}
	for _, p := range properties {
		k := KnownProperty{Name: p.name, Why: p.why}
		if p.kind != "" {
			k.Name = "hystrix." + p.kind + ".KEY." + p.name
		}
		if p.field != "" {
			k.Field = of[p.kind].Name() + "." + p.field
		}
		all = append(all, k)
	}
	return all
}
