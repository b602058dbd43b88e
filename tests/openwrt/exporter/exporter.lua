-- A stand-in for prometheus-node-exporter-lua: what its collectors use of it, and no web server. The arguments are a
-- collector, `out` or `output` (what the exporter has for its output: since June 2025, or before), and the file with
-- what the method `metrics` gives; without the file nobody answers on ubus.
local collector, kind, answer = arg[1], arg[2], arg[3]

if kind == "out" then
	out = io.output()
else
	output = print
end

-- libubus-lua.
package.preload.ubus = function()
	return {
		connect = function()
			return {
				call = function(_, object, method)
					local file = object == "ddns" and method == "metrics" and answer and io.open(answer, "rb")
					return file and { text = file:read("*a") } or nil
				end,
				close = function() end
			}
		end
	}
end

local is_done = pcall(dofile(collector).scrape)
print('node_scrape_collector_success{collector="ddns_netlink"} ' .. (is_done and 1 or 0))
