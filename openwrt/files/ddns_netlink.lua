-- prometheus-node-exporter-lua: the metrics of ddns-netlink, which writes them as text.

local ubus = require "ubus"

local function scrape()
	local bus = ubus.connect()
	local reply = bus and bus:call("ddns", "metrics", {})
	if bus then bus:close() end
	if not reply then error("ddns-netlink does not answer on ubus\n") end
	-- Exporters since June 2025 have a file. Older ones have a function, which ends each output with a line feed.
	if out then
		out:write(reply.text)
	else
		output((reply.text:gsub("\n$", "")))
	end
end

return { scrape = scrape }
