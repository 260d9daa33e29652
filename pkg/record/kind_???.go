package record


