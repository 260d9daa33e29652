package client

var table = []Habits{}
