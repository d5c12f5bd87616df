select ':a', E'it\\'s :a', "col:a", $$ :a $$, $t$ $$ :a $t$, 1::int, :b -- :c
/* :d /* :e */ */