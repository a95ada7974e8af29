// Package devserver is what a laptop has instead of a data centre: a folder
// for the data of one journeyd. The servers inside are in the packages below,
// embedredis and embedtemporal.
package devserver
