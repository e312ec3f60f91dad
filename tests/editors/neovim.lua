-- What a developer of the demonstration workspace gets from the server in Neovim, through its own client, without a window.
--   nvim --headless -u NONE -i NONE -n -c 'luafile neovim.lua' path/to/a/copy/of/chandlery
-- `portolan` is on the path. Works with Neovim 0.7 and later. Prints a line for each request, and ends with 1 at the first that does not answer as
-- it should.

local PATIENCE_MS = 30000
local progress = {}
vim.lsp.handlers["$/progress"] = function(_, said)
  table.insert(progress, said.value.title or said.value.message or said.value.kind)
end
vim.opt.shortmess:append("W")
local root = vim.fn.fnamemodify(vim.fn.argv()[1], ":p"):gsub("/$", "")
local client_id

local function fail(why)
  io.stderr:write(why .. "\n")
  vim.cmd("cquit 1")
end

local function wait(what, condition)
  if not vim.wait(PATIENCE_MS, condition, 20) then error("timed out: " .. what) end
end

--- What Neovim says that it can. It watches files from 0.10 on, on Linux only if that is said for it.
local function capabilities()
  local all = vim.lsp.protocol.make_client_capabilities()
  if vim.fn.has("nvim-0.10") == 1 then all.workspace.didChangeWatchedFiles = { dynamicRegistration = true } end
  return all
end

--- Opens a file of the workspace with the server attached, the cursor at the first place of a text.
local function open(path, text)
  vim.cmd("silent edit " .. vim.fn.fnameescape(root .. "/" .. path))
  local buffer = vim.api.nvim_get_current_buf()
  if not client_id then
    local config = { name = "portolan", cmd = { "portolan", "lsp" }, root_dir = root, capabilities = capabilities() }
    client_id = vim.lsp.start and vim.lsp.start(config) or vim.lsp.start_client(config)
    wait("the server's start", function()
      local client = vim.lsp.get_client_by_id(client_id)
      return client and client.initialized
    end)
  end
  vim.lsp.buf_attach_client(buffer, client_id)
  for row, line in ipairs(vim.api.nvim_buf_get_lines(buffer, 0, -1, false)) do
    local column = line:find(text, 1, true)
    if column then
      vim.api.nvim_win_set_cursor(0, { row, column - 1 })
      return buffer
    end
  end
  error("there is no " .. text .. " in " .. path)
end

--- The answer to a request at the cursor; tables without a position are sent as they are.
local function ask(method, parameters)
  local buffer = vim.api.nvim_get_current_buf()
  local cursor = vim.api.nvim_win_get_cursor(0)
  parameters = vim.tbl_extend("keep", parameters or {}, {
    textDocument = { uri = vim.uri_from_bufnr(buffer) },
    position = { line = cursor[1] - 1, character = cursor[2] },
  })
  local answers, why = vim.lsp.buf_request_sync(buffer, method, parameters, PATIENCE_MS)
  local answer = (answers or {})[client_id]
  if not answer then error(method .. ": " .. tostring(why)) end
  if answer.error then error(method .. ": " .. vim.inspect(answer.error)) end
  return answer.result
end

--- Asks until the answer says all that it should: the workspace may not have been read yet.
local function expect(method, parameters, ...)
  local wanted, said = { ... }, nil
  local function complete()
    said = vim.inspect(ask(method, parameters))
    for _, text in ipairs(wanted) do
      if not said:find(text, 1, true) then return false end
    end
    return true
  end
  if not vim.wait(PATIENCE_MS, complete, 100) then error(method .. " does not say " .. vim.inspect(wanted) .. " but " .. tostring(said)) end
  print(method .. ": " .. table.concat(wanted, ", "))
end

local function codes()
  return vim.tbl_map(function(diagnostic)
    return diagnostic.code or (((diagnostic.user_data or {}).lsp or {}).code)
  end, vim.diagnostic.get(0))
end

local function diagnosed(code)
  return vim.tbl_contains(codes(), code)
end

--- Whether anything is said about a file, open or not.
local function diagnosed_in(path)
  for _, diagnostic in ipairs(vim.diagnostic.get()) do
    local buffer = diagnostic.bufnr
    -- Neovim 0.7 keeps those of buffers that are gone.
    if vim.api.nvim_buf_is_valid(buffer) and vim.api.nvim_buf_get_name(buffer) == root .. "/" .. path then return true end
  end
  return false
end

--- Changes a file as another program would.
local function replace_on_disk(path, old, new)
  local lines = vim.tbl_map(function(line) return (line:gsub(vim.pesc(old), new)) end, vim.fn.readfile(root .. "/" .. path))
  vim.fn.writefile(lines, root .. "/" .. path)
end

--- A service of one file, in a folder beside the workspace.
local function lantern()
  local folder = vim.fn.tempname()
  vim.fn.mkdir(folder, "p")
  local package = '{ "name": "lantern", "scripts": { "start": "node index.js" }, "dependencies": { "express": "5" } }'
  vim.fn.writefile({ package }, folder .. "/package.json")
  local code = { 'const express = require("express");', "const app = express();", 'app.get("/lanterns", (_, res) => res.json([]));', "app.listen(80);" }
  vim.fn.writefile(code, folder .. "/index.js")
  return folder
end

local function run()
  open("services/orders/src/inventory.client.ts", "get(`/stock")
  expect("textDocument/hover", nil, "GET /stock/{sku}", "inventory", "Answered by")
  expect("textDocument/definition", nil, "inventory/src/routes.rs")
  expect("textDocument/inlayHint", { range = { start = { line = 0, character = 0 }, ["end"] = { line = 20, character = 0 } } }, "inventory GET /stock/{sku}")
  wait("the finding no-timeout", function() return diagnosed("no-timeout") end)
  print("textDocument/publishDiagnostics: no-timeout")

  open("services/checkout/src/routes.ts", "post(\"/\"")
  expect("textDocument/references", { context = { includeDeclaration = false } }, "services/web")
  expect("textDocument/codeLens", nil, "1 caller in web", "asks orders, payments, pricing")
  expect("textDocument/documentSymbol", nil, "POST /checkout")
  expect("workspace/symbol", { query = "stock" }, "GET /stock/{sku}")
  local item = ask("textDocument/prepareCallHierarchy")[1]
  print("textDocument/prepareCallHierarchy: " .. item.name)
  expect("callHierarchy/outgoingCalls", { item = item }, "orders", "payments")
  expect("callHierarchy/incomingCalls", { item = item }, "web")

  -- What is asked and called off is answered once, and harms nothing.
  local answers = 0
  local position = vim.lsp.util.make_position_params(0, "utf-16")
  local _, call_off = vim.lsp.buf_request(0, "textDocument/references", vim.tbl_extend("keep", position, { context = { includeDeclaration = true } }), function()
    answers = answers + 1
  end)
  call_off()
  expect("textDocument/hover", nil, "POST /checkout")
  print("$/cancelRequest: " .. answers .. " answer shown")

  wait("progress", function() return #progress > 0 end)
  print("$/progress: " .. progress[1])
  -- Neovim 0.7 sends what is no message of the protocol.
  if vim.fn.has("nvim-0.8") == 1 then
    local folder = lantern()
    vim.lsp.buf.add_workspace_folder(folder)
    expect("workspace/symbol", { query = "lanterns" }, "GET /lanterns")
    vim.lsp.buf.remove_workspace_folder(folder)
    wait("a folder that is gone", function() return vim.tbl_isempty(ask("workspace/symbol", { query = "lanterns" }) or {}) end)
    print("workspace/didChangeWorkspaceFolders: a folder came and went")
  end

  -- A file that moves takes along its findings and what it answers.
  local moved, there = "services/payments/src/server.ts", "services/payments/src/app.ts"
  open(moved, "app.post")
  wait("findings in " .. moved, function() return diagnosed_in(moved) end)
  vim.lsp.util.rename(root .. "/" .. moved, root .. "/" .. there, {})
  open(there, "app.post")
  wait("findings in " .. there, function() return diagnosed_in(there) and not diagnosed_in(moved) end)
  open("services/checkout/src/clients/payments.ts", "post(")
  expect("textDocument/definition", nil, there)
  print("a file renamed: its findings went along")

  -- What another program writes is seen, if Neovim watches.
  if vim.fn.has("nvim-0.10") == 1 then
    open("services/orders/src/inventory.client.ts", "get(`/stock")
    replace_on_disk("compose.yaml", "http://inventory:4300", "https://stock.example")
    expect("textDocument/hover", nil, "stock.example")
    replace_on_disk("compose.yaml", "https://stock.example", "http://inventory:4300")
    expect("textDocument/hover", nil, "GET /stock/{sku}", "inventory")
    print("workspace/didChangeWatchedFiles: a manifest written by another program")
  end

  open("compose.yaml", "services/checkout")
  expect("textDocument/documentLink", nil, "services/checkout")

  -- An edit answers a finding, and the finding is gone.
  local buffer = open("services/orders/src/inventory.client.ts", "axios.create")
  wait("the finding no-timeout", function() return diagnosed("no-timeout") end)
  local here = { line = vim.api.nvim_win_get_cursor(0)[1] - 1, character = vim.api.nvim_win_get_cursor(0)[2] }
  local actions = ask("textDocument/codeAction", { range = { start = here, ["end"] = here }, context = { diagnostics = {} } })
  local chosen = vim.tbl_filter(function(action) return action.title:find("wait for", 1, true) end, actions)[1]
  if not chosen then error("no action sets a limit: " .. vim.inspect(actions)) end
  if not chosen.edit then
    local answers = vim.lsp.buf_request_sync(buffer, "codeAction/resolve", chosen, PATIENCE_MS)
    chosen = answers[client_id].result
  end
  vim.lsp.util.apply_workspace_edit(chosen.edit, vim.lsp.get_client_by_id(client_id).offset_encoding)
  wait("the finding's end", function() return not diagnosed("no-timeout") end)
  print("textDocument/codeAction, applied: " .. chosen.title)

  -- What is set in Neovim reaches the server.
  local client = vim.lsp.get_client_by_id(client_id)
  client.config.settings = { portolan = { inlayHints = { enable = false } } }
  client.settings = client.config.settings
  vim.lsp.buf_notify(0, "workspace/didChangeConfiguration", { settings = client.config.settings })
  local all = { range = { start = { line = 0, character = 0 }, ["end"] = { line = 20, character = 0 } } }
  wait("hints turned off", function() return vim.tbl_isempty(ask("textDocument/inlayHint", all) or {}) end)
  print("workspace/didChangeConfiguration: inlay hints turned off")
end

local good, why = pcall(run)
if not good then fail(why) end
vim.cmd("qall!")
