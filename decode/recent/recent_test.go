package recent

import (
	"strconv"
	"testing"
)

func TestMap(t *testing.T) {
	m := Map[int]{Max: 3}
	if _, ok := m.Get("1"); ok || m.Len() != 0 {
		t.Error("an empty map has something")
	}
	for i := range 3 {
		m.Put(strconv.Itoa(i), i)
	}
	if _, ok := m.Get("0"); !ok || m.Len() != 3 {
		t.Error("what fits is not kept")
	}
	m.Put("0", 10) // no newer by that
	for i := 3; i < 8; i++ {
		m.Put(strconv.Itoa(i), i)
		if _, ok := m.Get(strconv.Itoa(i - 3)); ok {
			t.Errorf("%d is kept when %d comes", i-3, i)
		}
		for j := i - 2; j <= i; j++ {
			if v, ok := m.Get(strconv.Itoa(j)); !ok || v != j {
				t.Errorf("%d is %d, %v when %d comes", j, v, ok, i)
			}
		}
		if m.Len() != 3 {
			t.Errorf("%d are kept", m.Len())
		}
	}
	m.Put("5", 50)
	if v, _ := m.Get("5"); v != 50 {
		t.Errorf("5 is %d", v)
	}
	none := Map[int]{}
	none.Put("1", 1)
	if none.Len() != 0 {
		t.Error("a map for nothing keeps something")
	}
}
